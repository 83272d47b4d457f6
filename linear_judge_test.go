package theorydb_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// The judge of histories, on calls that were made up: what it must not let pass.

func TestAnErrorOutOfPlaceIsIllegalWhateverElseTheCallWasTold(t *testing.T) {
	deeds := []linearDeed{{verb: verbCheck, grouped: true}, {verb: verbCreate, key: 1, value: 7, grouped: true}}
	wrongly := linearVerdict{told: toldWrongly, err: errors.New("the record was touched")}
	for name, told := range map[string][]linearVerdict{
		"behind a failed check": {{told: toldNothing}, wrongly},
		"behind a refusal":      {{told: toldRefused}, wrongly},
		"before a doubt":        {wrongly, {told: toldUnknown}},
		"behind a doubt":        {{told: toldUnknown}, wrongly},
	} {
		t.Run(name, func(t *testing.T) {
			calls := []*linearCall{{deeds: deeds, told: told, started: 1, ended: 2}}
			require.Equal(t, toldWrongly, calls[0].outcome())
			result, _ := linearLedgers.judgeHistory(calls)
			require.Equal(t, porcupine.Illegal, result)
			require.Equal(t, calls, outOfPlace(calls))
		})
	}
}

func TestOnlyAReadMayFailAndSayNothing(t *testing.T) {
	s := &recordStore[LinearLedger]{kind: linearLedgers}
	for verb := range linearVerb(linearVerbs) {
		told := s.verdict(linearDeed{verb: verb}, nil, errors.New("something else")).told
		require.Equal(t, verb == verbGet, told == toldNothing, verb)
		call := &linearCall{deeds: []linearDeed{{verb: verb}}, told: []linearVerdict{{told: toldNothing}}}
		require.Equal(t, verb != verbGet, len(outOfPlace([]*linearCall{call})) > 0, verb)
	}
}

func TestAReadIsNeverInDoubt(t *testing.T) {
	for verb := range linearVerb(linearVerbs) {
		call := &linearCall{deeds: []linearDeed{{verb: verb}}, told: []linearVerdict{{told: toldUnknown}}}
		require.Equal(t, verb == verbGet, len(outOfPlace([]*linearCall{call})) > 0, verb)
	}
}

func TestACallThatTookEffectMustSayThatItDidOrThatNobodyKnows(t *testing.T) {
	for told := range linearTold(linearTolds) {
		call := &linearCall{deeds: []linearDeed{{verb: verbCreate}}, told: []linearVerdict{{told: told}}}
		call.landings = []linearLanding{{lost: true}}
		honest := told == toldOK || told == toldUnknown || told == toldNoCause // which alone is no outcome
		require.Equal(t, !honest, len(outOfPlace([]*linearCall{call})) > 0, told)
	}
}

// A second effect is excepted only of a write that holds a version, of a Create and of a delete, and only if a rival
// came between every two of its effects.
func TestOnlyWhatTheManualExceptsMayTakeEffectASecondTime(t *testing.T) {
	rivals := []linearCommit{{}, {deleted: true}, {created: true}}
	for _, c := range []struct {
		kind  linearKind
		verbs []linearVerb
	}{
		{linearLedgers, []linearVerb{verbCreate, verbPut, verbChange, verbDelete, verbDeleteAny}},
		{linearCounters, []linearVerb{verbCreate, verbPut, verbUpdate, verbChange, verbDelete, verbDeleteAny}},
		{linearPlains, []linearVerb{verbCreate, verbDelete, verbDeleteAny}},
	} {
		for verb := verbCreate; verb <= verbDeleteAny; verb++ {
			t.Run(c.kind.name+"/"+verb.String(), func(t *testing.T) {
				call := &linearCall{deeds: []linearDeed{{verb: verb}}, told: []linearVerdict{{told: toldOK}}}
				call.landings, call.answered = []linearLanding{{at: 1, lost: true}, {at: 3}}, 3
				h := &linearHistory{linearSetup: linearSetup{kind: c.kind}, commits: rivals}
				effects, _ := h.excepted(call)
				require.Equal(t, slices.Contains(c.verbs, verb), len(effects) == 1)

				h.commits = []linearCommit{{}, {}, {}}
				effects, _ = h.excepted(call)
				require.Empty(t, effects, "nobody came between")
			})
		}
	}
}

// What is told of a call that took effect twice is excepted only if a rival undid both.
func TestEveryEffectOfACreateThatIsToldErrAlreadyExistsMustHaveBeenUndone(t *testing.T) {
	call := &linearCall{deeds: []linearDeed{{verb: verbCreate}}, told: []linearVerdict{{told: toldExists}}}
	call.landings, call.answered = []linearLanding{{at: 1, lost: true}, {at: 3, lost: true}}, 5
	undone := linearCommit{deleted: true}
	for _, c := range []struct {
		between, after linearCommit
		excepted       int
	}{{undone, undone, 2}, {linearCommit{}, undone, 0}, {undone, linearCommit{}, 0}} {
		h := &linearHistory{linearSetup: linearSetup{kind: linearLedgers}, commits: []linearCommit{{call: call}, c.between, {call: call}, c.after, {created: true}}}
		effects, _ := h.excepted(call)
		require.Len(t, effects, c.excepted)
	}
}

// The last attempt may be one that took effect, and its answer lost too.
func TestAnEffectOfTheLastAttemptCannotBeInterfered(t *testing.T) {
	call := &linearCall{deeds: []linearDeed{{verb: verbDelete}}, told: []linearVerdict{{told: toldUnknown}}}
	call.landings, call.answered = []linearLanding{{at: 1, lost: true}}, 0
	h := &linearHistory{linearSetup: linearSetup{kind: linearLedgers}, commits: []linearCommit{{call: call, deleted: true}}}
	require.False(t, h.interfered(call, 0))
}
