package protocol

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	return string(text)
}

func TestThePageNamesEveryError(t *testing.T) {
	_, section, _ := strings.Cut(page(t), "## Errors")
	_, section, _ = strings.Cut(section, "of these:")
	section, _, _ = strings.Cut(section, "An error that is none of them")
	var names []string
	for _, name := range regexp.MustCompile("`(Err[A-Za-z]+)`").FindAllStringSubmatch(section, -1) {
		names = append(names, name[1])
	}
	require.Equal(t, ErrorNames, names)
}

func TestTheConversationOfThePageIsOne(t *testing.T) {
	_, conversation, _ := strings.Cut(page(t), "## A conversation")
	requests, answers := 0, 0
	for line := range strings.Lines(conversation) {
		if text, ok := strings.CutPrefix(line, "> "); ok {
			request := &Request{}
			require.NoError(t, unmarshalLine([]byte(text), request), line)
			requests++
			require.Equal(t, int64(requests), request.ID)
		}
		if text, ok := strings.CutPrefix(line, "< "); ok {
			answer := &Answer{}
			require.NoError(t, unmarshalLine([]byte(text), answer), line)
			answers++
			require.Equal(t, int64(answers), answer.ID)
		}
	}
	require.Equal(t, requests, answers)
	require.Greater(t, requests, 5)
}

// Every member of a line stands somewhere on the page, as code.
func TestThePageNamesEveryMember(t *testing.T) {
	text := page(t)
	for _, source := range []string{"request.go", "answer.go"} {
		content, err := os.ReadFile(source)
		require.NoError(t, err)
		members := regexp.MustCompile("`json:\"([a-z_]+)").FindAllStringSubmatch(string(content), -1)
		require.NotEmpty(t, members)
		for _, member := range members {
			require.Regexp(t, "`[^`]*\\b"+member[1]+"\\b[^`]*`|\""+member[1]+"\"", text)
		}
	}
}
