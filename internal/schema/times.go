package schema

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// timeForm is the one stored form of a time. Its fixed width makes the order
// of the texts the order of the times.
const timeForm = "2006-01-02T15:04:05.000000000Z"

const (
	notATime       = "is not an RFC 3339 time"
	yearOutOfRange = "has a year outside 0 to 9999"
)

// timeText gives the stored form of t, which must not be zero.
func timeText(t time.Time) (string, error) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return "", refuse(yearOutOfRange)
	}
	return t.Format(timeForm), nil
}

// parseTime reads any RFC 3339 time (https://www.rfc-editor.org/rfc/rfc3339)
// and gives it in UTC.
func parseTime(s string) (time.Time, error) {
	t, err := strictTime(s)
	if err != nil {
		// The standard allows t and z in lower case, package time does not.
		if t, err = strictTime(strings.ToUpper(s)); err != nil {
			return time.Time{}, refuse(notATime)
		}
	}
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return time.Time{}, refuse(yearOutOfRange)
	}
	return t, nil
}

// strictTime refuses what time.Parse lets pass beyond RFC 3339: an hour of one
// digit, a comma in front of the fraction, and offsets of 24 hours or 60 minutes.
func strictTime(s string) (time.Time, error) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[13] != ':' || strings.Contains(s, ",") {
		return time.Time{}, refuse(notATime)
	}
	if offset := s[len(s)-len("24:00"):]; offset[2] == ':' && (offset[:2] > "23" || offset[3:] > "59") && s[len(s)-1] != 'Z' {
		return time.Time{}, refuse(notATime)
	}
	return time.Parse(time.RFC3339Nano, s)
}

var timeCodec = &codec{
	kind:   kindS,
	format: FormatTime,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		t := timeOf(v)
		if t.IsZero() {
			return nil, nil
		}
		s, err := timeText(*t)
		if err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberS{Value: s}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, ok := av.(*types.AttributeValueMemberS)
		if !ok {
			return wrongKind(kindS, av)
		}
		t, err := parseTime(s.Value)
		if err != nil {
			return err
		}
		*timeOf(v) = t
		return nil
	},
	isZero:  zeroTime,
	isEmpty: zeroTime,
}

// timeOf reaches the time.Time in v without copying it to the heap.
func timeOf(v reflect.Value) *time.Time {
	t, ok := v.Addr().Interface().(*time.Time)
	if !ok {
		return &time.Time{}
	}
	return t
}

func zeroTime(v reflect.Value) bool { return timeOf(v).IsZero() }

// ttlTimeCodec stores whole epoch seconds, rounded down. The zero time and the
// epoch itself never expire and are absent.
var ttlTimeCodec = &codec{
	kind:   kindN,
	format: FormatUnixSeconds,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		t := timeOf(v)
		if t.IsZero() || t.Unix() == 0 {
			return nil, nil
		}
		if _, err := timeText(*t); err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, err := numberText(av)
		if err != nil {
			return err
		}
		seconds, err := parseInt(s, 64)
		if err != nil {
			return err
		}
		t := time.Time{}
		if seconds != 0 {
			t = time.Unix(seconds, 0).UTC()
			if y := t.Year(); y < 0 || y > 9999 {
				return refuse(yearOutOfRange)
			}
		}
		*timeOf(v) = t
		return nil
	},
	isZero:  func(v reflect.Value) bool { return zeroTime(v) || timeOf(v).Unix() == 0 },
	isEmpty: func(v reflect.Value) bool { return zeroTime(v) || timeOf(v).Unix() == 0 },
}

// ttlSecondsCodec is intCodec under the format of a ttl.
var ttlSecondsCodec = &codec{
	kind: kindN, format: FormatUnixSeconds,
	encode: intCodec.encode, decode: intCodec.decode, isZero: reflectZero, isEmpty: reflectZero,
}
