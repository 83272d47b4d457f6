package tlv

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Decode gives the value whose canonical bytes b are. Numbers come in plain form, without exponent, as DynamoDB
// returns them; the members of a set in the order of their canonical bytes; nothing in the value is nil. It shares no
// memory with b.
//
// Bytes that Encode gives for no value are ErrMalformed: what Decode accepts, Encode gives back byte for byte. It never
// reserves memory for a length that b merely claims.
func Decode(b []byte) (types.AttributeValue, error) {
	if len(b) > MaxSize {
		return nil, malformed("more bytes than an item can have")
	}
	return decodeValue(b, 0)
}

// decodeValue reads a value that stands in depth lists and maps and takes up all of b.
func decodeValue(b []byte, depth int) (types.AttributeValue, error) {
	if len(b) == 0 {
		return nil, malformed("a value without a type")
	}
	body := b[1:]
	switch b[0] {
	case kindText:
		text, err := decodeText(body)
		if err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberS{Value: text}, nil
	case kindNumber:
		plain, err := decodeNumber(body)
		if err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberN{Value: plain}, nil
	case kindBinary:
		return &types.AttributeValueMemberB{Value: decodeBytes(body)}, nil
	case kindBool:
		if len(body) != 1 || body[0] > 1 {
			return nil, malformed("a BOOL that is neither 00 nor 01")
		}
		return &types.AttributeValueMemberBOOL{Value: body[0] == 1}, nil
	case kindNull:
		if len(body) != 0 {
			return nil, malformed("a NULL with a body")
		}
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case kindList:
		return decodeList(body, depth+1)
	case kindMap:
		return decodeMap(body, depth+1)
	case kindTextSet, kindNumberSet, kindBinarySet:
		return decodeSet(b[0], body)
	}
	return nil, malformed("a type that does not exist")
}

func decodeText(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", malformed("text that is not valid UTF-8")
	}
	return string(b), nil
}

func decodeNumber(b []byte) (string, error) {
	d, err := parseDecimal(string(b))
	if err != nil || d.canonical() != string(b) {
		return "", malformed("a number that is not canonical")
	}
	return d.plain(), nil
}

// decodeBytes copies b; an empty one is not nil.
func decodeBytes(b []byte) []byte {
	return append([]byte{}, b...)
}

func decodeList(body []byte, depth int) (types.AttributeValue, error) {
	pieces, err := split(body, 1)
	if err != nil {
		return nil, err
	}
	if depth > MaxDepth {
		return nil, malformed("lists and maps nest too deep")
	}
	elements := make([]types.AttributeValue, len(pieces))
	for i, piece := range pieces {
		if elements[i], err = decodeValue(piece, depth); err != nil {
			return nil, err
		}
	}
	return &types.AttributeValueMemberL{Value: elements}, nil
}

func decodeMap(body []byte, depth int) (types.AttributeValue, error) {
	pieces, err := split(body, 2)
	if err != nil {
		return nil, err
	}
	if depth > MaxDepth {
		return nil, malformed("lists and maps nest too deep")
	}
	members := make(map[string]types.AttributeValue, len(pieces)/2)
	var last []byte // the empty key is not above it
	for i := 0; i < len(pieces); i += 2 {
		if bytes.Compare(last, pieces[i]) >= 0 {
			return nil, malformed("map keys that are empty or do not ascend")
		}
		last = pieces[i]
		key, err := decodeText(pieces[i])
		if err != nil {
			return nil, err
		}
		if members[key], err = decodeValue(pieces[i+1], depth); err != nil {
			return nil, err
		}
	}
	return &types.AttributeValueMemberM{Value: members}, nil
}

func decodeSet(kind byte, body []byte) (types.AttributeValue, error) {
	members, err := split(body, 1)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, malformed("an empty set")
	}
	for i := range members[1:] {
		if bytes.Compare(members[i], members[i+1]) >= 0 {
			return nil, malformed("members of a set that do not ascend")
		}
	}
	if kind == kindBinarySet {
		values := make([][]byte, len(members))
		for i, member := range members {
			values[i] = decodeBytes(member)
		}
		return &types.AttributeValueMemberBS{Value: values}, nil
	}
	decodeMember := decodeText
	if kind == kindNumberSet {
		decodeMember = decodeNumber
	}
	values := make([]string, len(members))
	for i, member := range members {
		if values[i], err = decodeMember(member); err != nil {
			return nil, err
		}
	}
	if kind == kindNumberSet {
		return &types.AttributeValueMemberNS{Value: values}, nil
	}
	return &types.AttributeValueMemberSS{Value: values}, nil
}

// split takes a body apart into the pieces that stand in it, which must fill it and be as many as it says. Only the
// pieces that are there cost memory, the count is compared at the end.
func split(body []byte, piecesEach uint64) ([][]byte, error) {
	if len(body) < prefixSize {
		return nil, malformed("a count that is cut short")
	}
	count, rest := binary.BigEndian.Uint32(body), body[prefixSize:]
	var pieces [][]byte
	for len(rest) > 0 {
		if len(rest) < prefixSize {
			return nil, malformed("a length that is cut short")
		}
		length := uint64(binary.BigEndian.Uint32(rest))
		rest = rest[prefixSize:]
		if length > uint64(len(rest)) {
			return nil, malformed("a length past the end")
		}
		pieces = append(pieces, rest[:length])
		rest = rest[length:]
	}
	if uint64(count)*piecesEach != uint64(len(pieces)) {
		return nil, malformed("a count that is not the number of members")
	}
	return pieces, nil
}
