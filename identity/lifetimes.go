package identity

import (
	"errors"
	"time"
)

// Lifetimes are how long things live. A zero field is the default that its comment gives; a negative one is refused. Those of
// sessions are whole seconds.
type Lifetimes struct {
	SessionIdle     time.Duration // without a refresh family: 30 minutes
	SessionAbsolute time.Duration // without a refresh family: 12 hours
	FamilyIdle      time.Duration // of a session with a refresh family: 14 days
	FamilyAbsolute  time.Duration // of a session with a refresh family, and of the family: 30 days
	TouchInterval   time.Duration // between two writes of a session's use, see Sessions.Touch: 60 seconds
	RefreshGrace    time.Duration // in which the last refresh token still gives its successor: 10 seconds, at most 60
	NoRefreshGrace  bool          // a refresh token counts once, even when its answer was lost
	MagicLink       time.Duration // and challenges and login states: 5 minutes
	Code            time.Duration // sent by mail or SMS: 10 minutes
	Invitation      time.Duration // 7 days
	Authorization   time.Duration // of an authorization code: 60 seconds
	TokenGrace      time.Duration // how long a one-time token is kept behind its time, to be told from an unknown one: 1 hour
	Lock            time.Duration // of TOTP after too many failures: 15 minutes
	SigningKey      time.Duration // 30 days
	PrePublish      time.Duration // of a signing key before it signs: 24 hours
	AccessToken     time.Duration // the longest that a token signed with a key lives: 15 minutes
	Audit           time.Duration // how far back events are shown: 30 days
	AuditGuard      time.Duration // in which an event of the same id is the same event: 7 days
}

const maxRefreshGrace = time.Minute

// complete fills in the defaults.
func (l *Lifetimes) complete() error {
	const day = 24 * time.Hour
	for _, field := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&l.SessionIdle, 30 * time.Minute},
		{&l.SessionAbsolute, 12 * time.Hour},
		{&l.FamilyIdle, 14 * day},
		{&l.FamilyAbsolute, 30 * day},
		{&l.TouchInterval, time.Minute},
		{&l.RefreshGrace, 10 * time.Second},
		{&l.MagicLink, 5 * time.Minute},
		{&l.Code, 10 * time.Minute},
		{&l.Invitation, 7 * day},
		{&l.Authorization, time.Minute},
		{&l.TokenGrace, time.Hour},
		{&l.Lock, 15 * time.Minute},
		{&l.SigningKey, 30 * day},
		{&l.PrePublish, day},
		{&l.AccessToken, 15 * time.Minute},
		{&l.Audit, 30 * day},
		{&l.AuditGuard, 7 * day},
	} {
		if *field.value < 0 {
			return errors.New("identity: Options.Lifetimes has a negative duration; leave it zero for the default")
		}
		if *field.value == 0 {
			*field.value = field.usual
		}
	}
	for _, life := range []time.Duration{l.SessionIdle, l.SessionAbsolute, l.FamilyIdle, l.FamilyAbsolute} {
		if life%time.Second != 0 {
			return errors.New("identity: Options.Lifetimes has sessions end within a second; a ttl holds whole ones")
		}
	}
	if l.NoRefreshGrace {
		l.RefreshGrace = 0
	}
	if l.RefreshGrace > maxRefreshGrace {
		return errors.New("identity: Options.Lifetimes.RefreshGrace is over 60 seconds, in which a stolen token would go unseen")
	}
	return nil
}
