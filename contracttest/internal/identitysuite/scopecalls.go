package identitysuite

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// storeVerb is a method of a store.
type storeVerb struct {
	name   string // such as Users.Get
	method reflect.Value
}

// store is the name of the store.
func (v storeVerb) store() string {
	store, _, _ := strings.Cut(v.name, ".")
	return store
}

// verbsOf are all methods of all stores that a struct has as its fields, so that none can be forgotten.
func verbsOf(stores any) (verbs []storeVerb) {
	all := reflect.ValueOf(stores).Elem()
	for i := range all.NumField() {
		store := all.Field(i)
		if !all.Type().Field(i).IsExported() {
			continue
		}
		for j := range store.NumMethod() {
			verbs = append(verbs, storeVerb{all.Type().Field(i).Name + "." + store.Type().Method(j).Name, store.Method(j)})
		}
	}
	return verbs
}

// outOfScope are methods that would lead out of a store's scope: those of the service.
func outOfScope(verbs []storeVerb) (names []string) {
	for _, verb := range verbs {
		_, name, _ := strings.Cut(verb.name, ".")
		if _, ofService := reflect.TypeFor[*identity.Service]().MethodByName(name); ofService {
			names = append(names, verb.name)
		}
	}
	return names
}

// outcome is what came of a call.
type outcome struct {
	err     error
	texts   []string // every text in what was returned, opened secrets among them
	secrets []string // the opened secrets
}

// call calls a method and runs what it returns: an iterator to its end, operations as one transaction. A panic, and a method
// that tells no error, are errors.
func call(ctx context.Context, db *theorydb.DB, verb storeVerb, arguments []reflect.Value) (o outcome) {
	defer func() {
		if recover() != nil {
			o.err = errorPanicked
		}
	}()
	o.err = errorUntold
	var ops []theorydb.TransactOp
	for _, result := range verb.method.Call(arguments) {
		if result.Type() == reflect.TypeFor[error]() {
			o.err, _ = result.Interface().(error)
			continue
		}
		switch returned := result.Interface().(type) {
		case theorydb.TransactOp:
			ops, o.err = append(ops, returned), nil
		case []theorydb.TransactOp:
			ops = append(ops, returned...)
		default:
			if result.Kind() != reflect.Func || !result.Type().CanSeq2() {
				o.returned(result)
				continue
			}
			o.err = nil
			for record, err := range result.Seq2() {
				o.returned(record)
				o.err, _ = err.Interface().(error)
			}
		}
	}
	if o.err == nil && len(ops) > 0 {
		o.err = db.Transact(ctx, ops...)
	}
	return o
}

var (
	errorPanicked = fmt.Errorf("the method panicked")
	errorUntold   = fmt.Errorf("the method tells no error")
)

func (o *outcome) returned(value reflect.Value) {
	eachText(value, false, func(text string, secret bool) {
		o.texts = append(o.texts, text)
		if secret {
			o.secrets = append(o.secrets, text)
		}
	})
}

// textsIn are all texts and bytes in a value.
func textsIn(v reflect.Value) (texts []string) {
	eachText(v, false, func(text string, _ bool) { texts = append(texts, text) })
	return texts
}

// eachText finds all texts and bytes in a value, and says of each whether it was secret. The names in a secret map are none.
func eachText(v reflect.Value, secret bool, found func(text string, secret bool)) {
	switch v.Kind() {
	case reflect.String:
		found(v.String(), secret)
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachText(v.Elem(), secret, found)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			found(string(v.Bytes()), secret)
			return
		}
		for i := range v.Len() {
			eachText(v.Index(i), secret, found)
		}
	case reflect.Map:
		for name, member := range v.Seq2() {
			eachText(name, false, found)
			eachText(member, secret, found)
		}
	case reflect.Struct:
		if reveal := v.MethodByName("Reveal"); reveal.IsValid() && v.CanInterface() {
			eachText(reveal.Call(nil)[0], true, found)
			return
		}
		for i := range v.NumField() {
			eachText(v.Field(i), secret, found)
		}
	}
}

// textsGiven are all texts in arguments but the context.
func textsGiven(arguments []reflect.Value) (texts []string) {
	for _, argument := range arguments {
		if !argument.Type().Implements(reflect.TypeFor[context.Context]()) {
			texts = append(texts, textsIn(argument)...)
		}
	}
	return texts
}

// pool are the values to call with, by their type. Of the texts among the arguments all have the first of texts, but for one,
// which has any of them; the last text of a method has one of last too.
type pool struct {
	values      map[reflect.Type][]reflect.Value
	texts, last []string
	only        map[string][][]any // what to call a method with instead, behind the context
}

// add adds values, each for arguments of its type.
func (p *pool) add(values ...any) {
	for _, value := range values {
		v := reflect.ValueOf(value)
		p.values[v.Type()] = append(p.values[v.Type()], v)
	}
}

// arguments gives every combination of values for the arguments of a method.
func (p *pool) arguments(ctx context.Context, verb storeVerb) (iter.Seq[[]reflect.Value], error) {
	if only, ok := p.only[verb.name]; ok {
		return given(ctx, verb, only), nil
	}
	method := verb.method.Type()
	count := method.NumIn()
	if method.IsVariadic() {
		count--
	}
	choices, first := make([][]reflect.Value, count), make([]reflect.Value, count)
	lastText := -1
	for i := range count {
		var err error
		if choices[i], err = p.choices(ctx, method.In(i)); err != nil {
			return nil, err
		}
		first[i] = choices[i][0]
		if isText(first[i]) {
			lastText = i
		}
	}
	return func(yield func([]reflect.Value) bool) {
		if takesEvent(method) && !yield(append(slices.Clone(first), reflect.ValueOf(identity.WithAudit(identity.Event{Actor: sharedID})))) {
			return
		}
		if !combine(choices, nil, yield) || lastText < 0 {
			return
		}
		varied := 0
		if lastText > 1 {
			varied = 1 // what stands behind the context, such as a target
		}
		for _, text := range p.last {
			for _, other := range choices[varied] {
				arguments := slices.Clone(first)
				arguments[varied], arguments[lastText] = other, reflect.ValueOf(text)
				if !yield(arguments) {
					return
				}
			}
		}
	}, nil
}

func given(ctx context.Context, verb storeVerb, all [][]any) iter.Seq[[]reflect.Value] {
	return func(yield func([]reflect.Value) bool) {
		for _, values := range all {
			var arguments []reflect.Value
			if verb.method.Type().In(0) == reflect.TypeFor[context.Context]() {
				arguments = append(arguments, reflect.ValueOf(ctx))
			}
			for _, value := range values {
				arguments = append(arguments, reflect.ValueOf(value))
			}
			if !yield(arguments) {
				return
			}
		}
	}
}

func combine(choices [][]reflect.Value, chosen []reflect.Value, yield func([]reflect.Value) bool) bool {
	if len(chosen) == len(choices) {
		return yield(slices.Clone(chosen))
	}
	among := choices[len(chosen)]
	for i := range chosen {
		if isText(among[0]) && isText(chosen[i]) && chosen[i].String() != choices[i][0].String() {
			among = among[:1] // another text is not the first already
		}
	}
	for _, choice := range among {
		if !combine(choices, append(chosen, choice), yield) {
			return false
		}
	}
	return true
}

// takesEvent reports whether a method takes WithAudit.
func takesEvent(method reflect.Type) bool {
	return method.IsVariadic() && method.In(method.NumIn()-1) == reflect.TypeFor[[]identity.WriteOption]()
}

func isText(v reflect.Value) bool { return v.Type() == reflect.TypeFor[string]() }

// choices are the values for arguments of a type. What has no values of its own must be a number or a function.
func (p *pool) choices(ctx context.Context, of reflect.Type) ([]reflect.Value, error) {
	if values := p.values[of]; len(values) > 0 {
		return values, nil
	}
	one := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[context.Context]():
		one.Set(reflect.ValueOf(ctx))
	case of == reflect.TypeFor[string]():
		var texts []reflect.Value
		for _, text := range p.texts {
			texts = append(texts, reflect.ValueOf(text))
		}
		return texts, nil
	case of == reflect.TypeFor[time.Duration]():
		one.SetInt(int64(time.Minute))
	case one.CanInt():
		one.SetInt(1)
	case one.CanUint():
		one.SetUint(1)
	case of.Kind() == reflect.Func:
		one.Set(reflect.MakeFunc(of, func([]reflect.Value) (results []reflect.Value) {
			for i := range of.NumOut() {
				results = append(results, reflect.Zero(of.Out(i)))
			}
			return results
		}))
	default:
		return nil, fmt.Errorf("there is no %s to call it with; give the pool one", of)
	}
	return []reflect.Value{one}, nil
}
