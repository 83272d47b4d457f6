package expr

import "strings"

// operatorTexts are the operators and functions of condition and update text as this package writes them.
var operatorTexts = []string{
	"if_not_exists(", "list_append(", "attribute_exists(", "attribute_not_exists(", "begins_with(", "contains(", "size(",
	" AND ", " OR ", "NOT ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " BETWEEN ", " IN ", ")+:",
}

// Operators counts the operators and functions in expression text that this package wrote. DynamoDB limits them.
func Operators(text string) int {
	count := 0
	for _, operator := range operatorTexts {
		count += strings.Count(text, operator)
	}
	return count
}
