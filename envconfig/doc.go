// Package envconfig builds a theorydb.Config from the environment.
//
//	config, err := envconfig.Load(ctx)
//	db, err := theorydb.New(config)
//
// Region, credentials, endpoints and retries come from the AWS SDK's own chain
// (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html),
// the rest from these variables:
//
//	THEORYDB_TABLE           Config.Table
//	THEORYDB_LOGICAL_TABLE   Config.LogicalTable
//	THEORYDB_KMS_KEY_ID      Config.KeyID: ARN, id or alias of the KMS key; also sets Config.KMS
//	TABLETHEORY_KMS_KEY_ARN  another name of THEORYDB_KMS_KEY_ID, for services that move over
//	KMS_KEY_ARN              another name of THEORYDB_KMS_KEY_ID, for services that move over
//
// A variable that is not set leaves its field empty; theorydb.New refuses an
// empty Table, and without a key every operation on an encrypted field is
// refused.
//
// Load refuses what it would have to guess about:
//
//   - a variable that is set but blank, or has white space around its value
//   - two names of the key with different values; there is no precedence
//   - any other variable whose name begins with THEORYDB_, in any letter case
//
// The last rule is there for variables like THEORYDB_DISABLE_ENCRYPTION: there
// is no such switch, and a program whose operator believes in one must not
// start. No variable is a yes or no, none holds key material, and none can
// take encryption away from a model that asks for it.
package envconfig
