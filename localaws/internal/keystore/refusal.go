package keystore

import (
	"fmt"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// refuse gives an error that is the caller's fault. KMS sends its codes
// without a prefix, and all of them with status 400.
// https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
func refuse(code, format string, args ...any) *apierror.Error {
	return &apierror.Error{Status: 400, Type: code, Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *apierror.Error {
	return refuse("ValidationException", format, args...)
}

func wrongState(k *key, is string) *apierror.Error {
	return refuse("KMSInvalidStateException", "%s is %s.", k.arn(), is)
}

// badCiphertext is one answer for a blob that is no blob, one that was
// changed, and one of another encryption context, so that nobody learns which.
func badCiphertext() *apierror.Error { return refuse("InvalidCiphertextException", "") }

func internal() *apierror.Error {
	const code = "KMSInternalException"
	return &apierror.Error{Status: 500, Type: code, Code: code, Message: "The request could not be carried out"}
}
