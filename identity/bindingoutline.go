package identity

import (
	"context"
	"iter"
	"time"

	"github.com/theorydb/theorydb"
)

// bindingOutline is what can be read of a Binding without KMS.
type bindingOutline struct {
	TenantID, ProjectID, UserID string
	Issuer, Subject, ClientID   string
	Resource, TokenScope        string
	TokenExpires                *time.Time
	Version                     int64
	CreatedAt, UpdatedAt        time.Time
}

// outlines reads bindings strongly without their tokens.
func (p *project) outlines(ctx context.Context, key Binding) iter.Seq2[Binding, error] {
	return func(yield func(Binding, error) bool) {
		for o, err := range theorydb.Select[bindingOutline](ctx, p.bindings, theorydb.Query[Binding]{Key: key, Consistent: true}) {
			if err != nil {
				yield(Binding{}, err)
				return
			}
			if !yield(Binding{
				TenantID: o.TenantID, ProjectID: o.ProjectID, UserID: o.UserID,
				Issuer: o.Issuer, Subject: o.Subject, ClientID: o.ClientID,
				Resource: o.Resource, TokenScope: o.TokenScope, TokenExpires: o.TokenExpires,
				Version: o.Version, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
			}, nil) {
				return
			}
		}
	}
}
