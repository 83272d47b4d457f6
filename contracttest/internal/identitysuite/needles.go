package identitysuite

import "bytes"

// needles are texts to look for, many at once: a race makes some ten thousand secrets, and sends some hundred megabytes in
// which none of them may be.
type needles struct {
	begins [1 << 16]bool // by the first two bytes
	by     map[[6]byte][][]byte
}

func newNeedles() *needles { return &needles{by: map[[6]byte][][]byte{}} }

// add adds a text. One of less than 6 bytes, such as what is left of a secret without its dashes, would be found by chance.
func (n *needles) add(text []byte) {
	if len(text) < 6 {
		return
	}
	head := [6]byte(text)
	n.begins[int(head[0])<<8|int(head[1])] = true
	n.by[head] = append(n.by[head], text)
}

// in reports whether a text holds one of them.
func (n *needles) in(text []byte) bool {
	for i := 0; i+6 <= len(text); i++ {
		if !n.begins[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, needle := range n.by[[6]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], needle) {
				return true
			}
		}
	}
	return false
}
