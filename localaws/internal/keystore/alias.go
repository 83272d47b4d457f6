package keystore

import (
	"regexp"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// aliasName is the form that CreateAlias documents:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)

func checkAliasName(name string) *apierror.Error {
	switch {
	case !strings.HasPrefix(name, "alias/"):
		return invalid("Invalid identifier")
	case !aliasName.MatchString(name):
		return refuse("InvalidAliasNameException", "The alias name is not alias/ and up to 250 letters, digits, slashes, underscores and dashes")
	case strings.HasPrefix(name, "alias/aws/"):
		return refuse("NotAuthorizedException", "The prefix alias/aws/ is reserved")
	}
	return nil
}

// aliasFor reads AliasName, and TargetKeyId as the key that it is to name.
func (r *request) aliasFor(call *Call) (string, *key) {
	name, target := r.required("AliasName"), r.required("TargetKeyId")
	if r.failed() != nil {
		return name, nil
	}
	if err := checkAliasName(name); err != nil {
		r.refuse(err)
	}
	if strings.Contains(target, "alias/") {
		r.refuse(invalid("Aliases must refer to keys. Not aliases"))
		return name, nil
	}
	k, err := r.region.findKey(target)
	if err != nil {
		r.refuse(err)
		return name, nil
	}
	call.KeyARN = k.arn()
	if k.state == PendingDeletion {
		r.refuse(wrongState(k, "pending deletion"))
	}
	return name, k
}

func (s *Service) createAlias(r *request, call *Call) (any, *apierror.Error) {
	name, k := r.aliasFor(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if _, taken := r.region.aliases[name]; taken {
		return nil, refuse("AlreadyExistsException", "An alias with the name %s already exists", arnOf(r.region.name, name))
	}
	r.region.aliases[name] = k.id
	return map[string]any{}, nil
}

func (s *Service) updateAlias(r *request, call *Call) (any, *apierror.Error) {
	name, k := r.aliasFor(call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	if _, err := r.region.find(name); err != nil {
		return nil, err
	}
	r.region.aliases[name] = k.id
	return map[string]any{}, nil
}

func (s *Service) deleteAlias(r *request, call *Call) (any, *apierror.Error) {
	name := r.required("AliasName")
	if err := r.failed(); err != nil {
		return nil, err
	}
	if err := checkAliasName(name); err != nil {
		return nil, err
	}
	k, err := r.region.find(name)
	if err != nil {
		return nil, err
	}
	call.KeyARN = k.arn()
	delete(r.region.aliases, name)
	return map[string]any{}, nil
}
