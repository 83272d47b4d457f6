package expr

import "strings"

// Update collects the clauses of one update expression, in the order they are given. Its zero value is ready to use.
// Operands are placeholders from the Builder of the same request.
type Update struct {
	set, remove, add, del []string
}

// Set adds `name = operand` to the SET clause.
func (u *Update) Set(name, operand string) {
	u.set = append(u.set, name+"="+operand)
}

// SetIfAbsent adds `name = if_not_exists(name, operand)`: an attribute that is stored keeps its value.
func (u *Update) SetIfAbsent(name, operand string) {
	u.Set(name, "if_not_exists("+name+","+operand+")")
}

// Increment adds `name = if_not_exists(name, zero) + amount` to the SET clause. Unlike ADD it says what it does to a
// missing attribute.
func (u *Update) Increment(name, zero, amount string) {
	u.Set(name, "if_not_exists("+name+","+zero+")+"+amount)
}

// Append adds `name = list_append(if_not_exists(name, empty), list)` to the SET clause.
func (u *Update) Append(name, empty, list string) {
	u.Set(name, "list_append(if_not_exists("+name+","+empty+"),"+list+")")
}

// Prepend is Append at the other end.
func (u *Update) Prepend(name, empty, list string) {
	u.Set(name, "list_append("+list+",if_not_exists("+name+","+empty+"))")
}

// Add adds `name operand` to the ADD clause: members to a set.
func (u *Update) Add(name, operand string) { u.add = append(u.add, name+" "+operand) }

// Delete adds `name operand` to the DELETE clause: members from a set.
func (u *Update) Delete(name, operand string) { u.del = append(u.del, name+" "+operand) }

// Remove adds name to the REMOVE clause.
func (u *Update) Remove(name string) { u.remove = append(u.remove, name) }

// String returns the update expression, empty when no clause was added.
func (u *Update) String() string {
	var clauses []string
	if len(u.set) > 0 {
		clauses = append(clauses, "SET "+strings.Join(u.set, ","))
	}
	if len(u.remove) > 0 {
		clauses = append(clauses, "REMOVE "+strings.Join(u.remove, ","))
	}
	if len(u.add) > 0 {
		clauses = append(clauses, "ADD "+strings.Join(u.add, ","))
	}
	if len(u.del) > 0 {
		clauses = append(clauses, "DELETE "+strings.Join(u.del, ","))
	}
	return strings.Join(clauses, " ")
}
