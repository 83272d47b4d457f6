package theorydb

import (
	"context"
	"log/slog"
	"reflect"

	"github.com/theorydb/theorydb/internal/schema"
)

// RedactHandler returns a handler that masks, as Redact does, every attribute value that holds a Secret or a field
// tagged encrypted, before next sees it: in attributes of a record and of With, in groups, and in what a LogValuer
// resolves to. The LogValue of a type that holds such a field is not called.
//
//	logger := slog.New(theorydb.RedactHandler(slog.NewJSONHandler(os.Stderr, nil)))
//
// Other attributes are passed on as they are, LogValuers resolved. Messages and texts that were made of a secret before
// are not masked.
func RedactHandler(next slog.Handler) slog.Handler { return redactHandler{next} }

type redactHandler struct{ next slog.Handler }

// Enabled asks the next handler.
func (h redactHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes the record on with its attributes masked.
func (h redactHandler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(maskAttr(a))
		return true
	})
	return h.next.Handle(ctx, masked)
}

// WithAttrs passes the attributes on masked.
func (h redactHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redactHandler{h.next.WithAttrs(maskAttrs(attrs))}
}

// WithGroup passes the group on.
func (h redactHandler) WithGroup(name string) slog.Handler {
	return redactHandler{h.next.WithGroup(name)}
}

func maskAttr(a slog.Attr) slog.Attr {
	return slog.Attr{Key: a.Key, Value: maskValue(a.Value)}
}

func maskAttrs(attrs []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = maskAttr(a)
	}
	return masked
}

// maxResolves is how many LogValuers may stand behind one another, as many as log/slog itself resolves.
const maxResolves = 100

func maskValue(v slog.Value) slog.Value {
	for range maxResolves {
		kind := v.Kind()
		if kind == slog.KindGroup {
			return slog.GroupValue(maskAttrs(v.Group())...)
		}
		if kind != slog.KindAny && kind != slog.KindLogValuer {
			return v
		}
		if sealed, _ := schema.Holds(reflect.ValueOf(v.Any()), true); sealed {
			return Redact(v.Any()).LogValue()
		}
		if kind == slog.KindAny {
			return v
		}
		v = logValue(v.LogValuer())
	}
	return slog.StringValue("!LogValue is nested too deeply")
}

// logValue calls LogValue as log/slog does, which survives one that panics. What it panicked with may be a secret.
func logValue(valuer slog.LogValuer) (v slog.Value) {
	defer func() {
		if recover() != nil {
			v = slog.StringValue("!LogValue panicked")
		}
	}()
	return valuer.LogValue()
}
