package keystore

import (
	"fmt"
	"strconv"
)

// What tests do to keys without a request. None of it is in the log of calls.

// AliasedKey gives the ARN of the key that an alias names, and makes key and
// alias where there is none. The key's id depends on the seed, the region and
// the alias only. A name that CreateAlias refuses is refused here.
func (s *Service) AliasedKey(in, alias string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteDue()
	r := s.region(in)
	if err := checkAliasName(alias); err != nil {
		return "", err
	}
	if id, ok := r.aliases[alias]; ok {
		return r.keys[id].arn(), nil
	}
	name := "alias " + alias
	for n := 0; r.keys[s.newID(in, name, false)] != nil; n++ { // the alias was deleted or points elsewhere
		name = "alias " + strconv.Itoa(n) + " " + alias
	}
	k := s.addKey(r, name, false)
	r.aliases[alias] = k.id
	return k.arn(), nil
}

// ARN gives the ARN of a key by its id, ARN or alias. An ARN may be of any
// region; other names are looked up in the one given.
func (s *Service) ARN(in, name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteDue()
	k, err := s.regionOf(in, name).find(name)
	if err != nil {
		return "", err
	}
	return k.arn(), nil
}

// regionOf gives the region that an ARN names, and in for every other name.
func (s *Service) regionOf(in, name string) *region {
	if parts := keyARN.FindStringSubmatch(name); parts != nil {
		return s.region(parts[1])
	}
	return s.region(in)
}

// SetState puts a key, named as for ARN, into a state, whatever its state was. A key that becomes
// PendingDeletion is deleted after 30 days.
func (s *Service) SetState(in, name string, state State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteDue()
	if !state.known() {
		return fmt.Errorf("unknown key state %q", state)
	}
	k, err := s.regionOf(in, name).find(name)
	if err != nil {
		return err
	}
	if state == PendingDeletion {
		s.schedule(k, longestWait)
		return nil
	}
	k.state = state
	return nil
}

// PointAlias has an alias name another key, and makes the alias when there is
// none. It leaves the key that the alias named before as it is.
func (s *Service) PointAlias(in, alias, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleteDue()
	if err := checkAliasName(alias); err != nil {
		return err
	}
	r := s.region(in)
	k, err := r.find(to)
	if err != nil {
		return err
	}
	r.aliases[alias] = k.id
	return nil
}
