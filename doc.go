/*
Package theorydb keeps typed records in DynamoDB's single-table style. A struct tag says what a field is; the library
makes the keys, the conditions and the stored form, and refuses to lose a secret, a race or an expiry.

# Nouns

There are few:

  - [DB] is a table and what is known about the models in it.
  - [Model] stores and reads records of one Go type. Its entity name is stored with every item.
  - [ScopedModel] is a model whose records belong to a tenant; its In gives the Model of one [Scope].
  - [Record] is a record without a Go type, described by a model document.
  - [Condition] says what a stored item must be: in [OnlyIf] and in Query.Filter.
  - [ChangePart] says what a Change does to an item that is not in hand.
  - [Query] says what to read from one partition, [SortCondition] narrows it, [Page] is a part of the answer; [Select]
    reads a part of each record.
  - [Scan] says how to read a whole table or index, for migrations and exports. Only that is called so.
  - [TransactOp], [BatchOp] and [ReadOp] are verbs to come: several of them are one request of [DB.Transact],
    [DB.BatchWrite], [DB.TransactGet] or [DB.BatchGet].
  - [Partition] is all rows of one partition key, of whichever models; [Destination] is where the records of one model go
    when it is read.
  - [Retention] is the one handle that deletes records of append_only models.

# A model

	type Session struct {
		_ theorydb.Entity `theorydb:"name:Session"`
		_ theorydb.Key    `theorydb:"pk" key:"USER#{userID}"`
		_ theorydb.Key    `theorydb:"sk" key:"SESSION#{id}"`

		UserID    string
		ID        string
		Uses      int64
		ExpiresAt time.Time `theorydb:"ttl"`
		Version   int64     `theorydb:"version"`
		CreatedAt time.Time `theorydb:"created_at"`
	}

is stored as

	{PK: "USER#a%23b", SK: "SESSION#7", _t: "Session", _w: <16 bytes>, userID: "a#b", id: "7", uses: 0,
	 ttl: 1700003600, version: 1, createdAt: "2023-11-14T22:13:20.000000000Z"}

Every exported field is an attribute, under its own name in lower camel case (UserID is userID, URLValue is urlValue);
embedded structs are flattened. The attributes _t and _w are the library's: the entity, and the id of the call that
wrote the item last.

# Tags

Words of a field's theorydb tag are separated by commas. An unknown word is an error with a suggestion, and all problems
of a model are reported together.

	pk, sk             the field is the partition or sort key itself
	index:NAME,pk      the field is the partition key of an index (index:NAME,sk its sort key; pk when neither is said)
	lsi:NAME           the field is the sort key of a local index
	encrypted          sealed under KMS; see below
	scope              a component of the model's scope; see below
	attr:NAME          the attribute's name
	version            the version of optimistic locking; version:0 counts from 0
	ttl                when the item expires: time.Time, or int64 epoch seconds; the attribute is Config.TTLAttribute. With
	                   required an item without one is no live item: reads do not find it, and Create does not replace it
	created_at         when the item was created; updated_at when it was written last
	required           a zero value is refused on write, an absent attribute on read
	immutable          never changed once it is stored; compared in its stored form, so that a time or json text that another
	                   writer stored in another form can't be written over
	omitempty          a zero value is not stored
	set                a slice is stored as a set
	json               any value, stored as JSON text
	enum:a|b|c         the texts that may be written
	-                  not an attribute

The blank field of type [Entity] has words about the whole model: name:NAME, table:NAME, naming:snake_case, append_only,
project:INDEX=all (or =keys, or =a+b for two attributes). Further words of the grammar are recognised and refused, with
a message that says so: unique is not served by this version; bind, blind, envelope, default, schema and vector are
reserved.

# Keys

The blank field of type [Key] declares half of the key as a template of segments joined by "#". A segment is literal
text, or a literal prefix and one attribute in braces:

	TENANT#{tenantID}#USER#{userID}        u-{id}        AT#{at|ms}        SEQ#{n|pad:6}

Values are percent-encoded where they hold a byte from 0x00 to 0x25, "#" and "%" among them. So no value can change
which record a key names, the order of keys is the order of their components, and a prefix of components is a prefix of
the key. Modifiers, at most one of each kind and in this order: pad:N or int for whole numbers, which need one of the
two, or ms for times; lower, for ASCII letters; hash (SHA-256) or shard:N. An empty component is [ErrKeyIncomplete] and a
key over DynamoDB's limit [ErrKeyTooLong]. Models of one table whose templates could produce the same key are refused.

A plain field tagged pk or sk is the key as it is, without encoding. What its values make of a key is up to the program.

The key of an index is declared in the same way. It is derived: rendered again by every write that touches one of its
components, and absent with both halves when a component is. An Update that names some components of it in Fields, or a
Change, never guesses the others: it makes them a condition, or is [ErrIndexKeyUnknown].

# Scopes

A model with scope fields has no verb until a scope is given:

	sessions, err := theorydb.NewScopedModel[Session](db)
	acme, err := theorydb.NewScope("acme")
	err = sessions.In(acme).Create(ctx, &s)

Every partition key of the model, of its indexes too, begins with the scope. Scope fields are filled in on write,
records and rows of another scope are refused, and cursors and sealed values are bound to it.

# Partitions and streams

Models whose partition keys are alike share partitions. Collection reads one of them whole, in one pass, and brings each
record to the destination of its model. ClearPartition deletes its rows whatever they are, without reading them, but for
those of entities that are to be kept and of append_only models. Records of those are deleted by Retention alone, which
the observer is told of with its reason.

	err = db.Collection(ctx, users.Partition(User{ID: id}), users.Into(&found), sessions.Each(revoke))

Decode reads the two images of a DynamoDB stream record as a read would; EntityOf says beforehand whose they are. For it,
and in a collection, a row belongs to the entity that it names, and a row of another writer, which names none, to the
one model whose keys it fits.

# Encryption

An encrypted attribute is sealed with AES-256-GCM under a data key that KMS makes for the item, and bound to the
logical table, the entity, the scope, the attribute and the item's key: moved anywhere else it does not open. It is
stored as a map of binary members and is never sent, compared or put into an error in clear. Use [Secret] for its type,
which prints as [REDACTED], or [Redact] and [RedactHandler] for plain fields.

Everything fails closed. Without a key every verb of the model is [ErrEncryptionNotConfigured], but for a [Select] of
attributes that are not encrypted; a key that is missing,
denied, disabled or another one, and a value that is damaged, planted, moved or removed, is an error that matches
[ErrEncryption] and fails the whole operation, a write before any request to DynamoDB. No switch softens this. Keys come
from Config.KeyID or from a [KeyResolver], such as [ScopeKeys] with a key per tenant.

What sealing does not do: hide how long a value is, or notice that an older sealed value of the very same attribute of
the same item was put back. Attributes that are not encrypted are not protected by it.

# What is guaranteed

One winner. Of concurrent writers that hold one version of a record, at most one write takes effect, and nobody is told
that it won or lost unless that is so. Writes are tried again after a lost answer only where that is safe; where nobody
can tell, the error is [ErrOutcomeUnknown]. The model needs a version field, and a created_at to tell one life of a key
from the next.

No expired item. An item whose ttl has passed is not returned by any read, not revived by any update and does not stand
in the way of a create, whether DynamoDB has deleted it yet or not. An absent, zero or negative ttl never expires.

No secret in clear and no reach beyond a scope, as said above. Keys as said above, for models whose key is a template.

Exactly once. What [DB.Transact] does takes effect once, whatever answers are lost and whatever rivals do.

What stays impossible, and what to do about it:

  - All of this holds within one region. In a global table two regions can both have a winner.
  - A global index is a little behind its table, and so is what it says of an expiry. What a decision hangs on is read by
    its key, with [Consistent].
  - Between an attempt whose answer was lost and its resend a rival may delete the item, and perhaps create it again. Then
    Create, Put of a version and Delete may take effect a second time, and without a created_at an Update or Change of a
    version too; a Create of ours that was deleted in between may be told ErrAlreadyExists. A model without created_at may
    judge wrongly, as may a Change, which holds none; and any model may where the rival puts back a record that it held
    from before the delete. A Delete without a version may delete what a rival created between its attempts. A transaction
    has none of this.
  - A Put inserts where there is no item, whatever version its record holds. So who holds a record from before a delete can
    put it back. Update does not, and neither does a Put with IfVersion.
  - A request that an attempt sent and the network delivers after the call has returned can take effect then, as far as its
    condition holds.
  - BatchWriteItem has no conditions, so nothing is promised of [DB.BatchWrite] but that every item is stored or named.
    Each operation says so with [Unchecked].
  - A stream image, an index and a page are what was. A record read from them may be of the past by the time it is used;
    the version in it is what makes writing it back safe.

# Requests

Each attempt is one request to DynamoDB; the client's own retries are off. This is what a verb sends, and what it sends
when the answer to its first request is lost:

	verb                                      requests    first answer lost
	Create                                    1           2
	Put, of a model with a version            1           2
	Put, of one without                       1           2
	Update, of a model with a version         1           2
	Update, of one without                    1           2
	Change with IfVersion                     1           2
	Change without a version                  1           2
	Change with OrCreate over an expired item 2           2
	Modify                                    2           3
	Delete                                    1           2
	Get                                       1           2
	Raw                                       1           2
	Query, a page                             1           2
	QueryPage                                 1           2
	Count, a page                             1           2
	Select, a page                            1           2
	Scan, a page of a segment                 1           2
	ScanPage, a page of a segment             1           2
	BatchGet, 100 keys                        1           2
	BatchWrite, 25 items                      1           2
	Transact                                  1           2
	Transact, OrCreate over an expired item   2           2
	TransactGet                               1           2
	Collection, a page                        1           2
	ClearPartition, a page of 100 rows        5           6
	Retention.Clear, a page of 100 rows       5           6
	Explain                                   0           0
	CursorAfter                               0           0
	Decode                                    0           0

The second request of a Put, Update or Change without a version is a strong read of the write id, which settles what
became of the first: such a write is not sent twice. A Change with OrCreate that meets an expired item replaces it with a
second request, and sends a third where another was faster at that; where the answer to its first request is lost the
outcome is unknown, in a transaction too. Modify is a Get and an Update for every try. Why a write was refused is known without another request.
A page ends where DynamoDB ends it, after 1 MB or PageSize items; a page to clear has up to 100 rows, and takes one request
to read it and one for each 25 of them. What a batch leaves unprocessed is sent again.

KMS is asked for one data key an item that is written with an encrypted attribute, and to open each distinct data key of
what is read, several of a page at a time. Nothing is kept between calls but the ARN behind an alias or key id.

Config.Observe is told of every verb: requests, items, capacity, duration and the class of its error.

# Errors

Every error of a verb is an [*OpError]. Test for what went wrong with [errors.Is]:

	err := sessions.Update(ctx, &s)
	switch {
	case errors.Is(err, theorydb.ErrVersionConflict): // somebody was faster: read again and decide
	case errors.Is(err, theorydb.ErrItemNotFound):    // gone or expired
	case errors.Is(err, theorydb.ErrOutcomeUnknown):  // read the record and look
	}

Error text names attributes and never holds the value of one, or of a key. After a failed write the caller's struct is
as it was; after a successful one it holds what a read would give.
*/
package theorydb
