package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// Workspaces keeps the workspaces of a project. The slug of a workspace is its identity and does not change.
type Workspaces struct{ *project }

// NewWorkspace says what a workspace begins with.
type NewWorkspace struct {
	Slug    string // 1 to 63 of a-z 0-9 and, inside, hyphens; unique in the project
	Name    string
	OwnerID string // the user who becomes its owner; empty: it has none yet
}

// Create creates a workspace, with an owner in one transaction with the owner's membership and the check that the owner is
// an active user: 6 write units and those of the index. Without an owner it is one write.
//
// A slug that is taken is theorydb.ErrAlreadyExists, an owner who is not active ErrUserInactive. Then nothing is created.
func (w *Workspaces) Create(ctx context.Context, made NewWorkspace) (Workspace, error) {
	if err := w.checkWorkspace(made.Slug); err != nil {
		return Workspace{}, err
	}
	if err := checkDisplayName("workspace name", made.Name); err != nil {
		return Workspace{}, err
	}
	workspace := Workspace{Slug: made.Slug, Name: made.Name}
	if made.OwnerID == "" {
		if err := w.workspaces.Create(ctx, &workspace); err != nil {
			return Workspace{}, err
		}
		return workspace, nil
	}
	if err := checkID("ownerID", made.OwnerID); err != nil {
		return Workspace{}, err
	}
	workspace.OwnerCount = 1
	owner := w.firstOwner(WorkspaceTarget(made.Slug), made.OwnerID)
	err := w.db.Transact(ctx, w.activeUser(made.OwnerID), w.workspaces.CreateOp(&workspace), w.memberships.CreateOp(&owner))
	if err != nil {
		return Workspace{}, err
	}
	return workspace, nil
}

func (w *Workspaces) checkWorkspace(slug string) error {
	if err := w.ready(); err != nil {
		return err
	}
	return checkSlug(slug)
}

// Get reads a workspace, strongly: 1 read unit.
func (w *Workspaces) Get(ctx context.Context, slug string) (Workspace, error) {
	if err := w.checkWorkspace(slug); err != nil {
		return Workspace{}, err
	}
	return valueOf(w.workspaces.Get(ctx, Workspace{Slug: slug}, theorydb.Consistent()))
}

// List reads a page of up to 100 workspaces in the order of their slugs, strongly, from the beginning with an empty cursor.
func (w *Workspaces) List(ctx context.Context, cursor string) (*theorydb.Page[Workspace], error) {
	if err := w.ready(); err != nil {
		return nil, err
	}
	return w.workspaces.QueryPage(ctx, theorydb.Query[Workspace]{Limit: listSize, Consistent: true}, cursor)
}

// Update reads a workspace, lets change alter its Name, and writes that, again from the start when somebody else was
// faster. What else change alters is not taken. It costs a strong read and a write.
func (w *Workspaces) Update(ctx context.Context, slug string, change func(*Workspace) error) (Workspace, error) {
	if err := w.checkWorkspace(slug); err != nil {
		return Workspace{}, err
	}
	if change == nil {
		return Workspace{}, errNoChange
	}
	return valueOf(w.workspaces.Modify(ctx, Workspace{Slug: slug}, func(stored *Workspace) error {
		changed := *stored
		if err := change(&changed); err != nil {
			return err
		}
		stored.Name = changed.Name
		return checkDisplayName("workspace name", stored.Name)
	}))
}

// Delete deletes a workspace that has no member but its last owner: one transaction of the workspace and that membership.
// With another member it is ErrInUse; remove those first. A member who is added meanwhile raises the workspace's version,
// so that it is either counted or in the way. An unknown workspace is theorydb.ErrItemNotFound.
func (w *Workspaces) Delete(ctx context.Context, slug string) error {
	if err := w.checkWorkspace(slug); err != nil {
		return err
	}
	return reread(func() error {
		stored, err := w.workspaces.Get(ctx, Workspace{Slug: slug}, theorydb.Consistent())
		if err != nil {
			return err
		}
		last, err := w.onlyMember(ctx, WorkspaceTarget(slug))
		if err != nil {
			return err
		}
		return w.db.Transact(ctx, append(w.leaving(last), w.workspaces.DeleteOp(stored, theorydb.IfVersion(stored.Version)))...)
	})
}
