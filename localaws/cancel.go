package localaws

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// CancelTransaction has a TransactWriteItems or TransactGetItems cancelled
// without reaching the endpoint: TransactionCanceledException with that code,
// such as TransactionConflict or ThrottlingError, for the action at position,
// which counts from 0, and None for the others. The rule matches no other
// operation, and no transaction without an action at that position.
//
//	faults.On("TransactWriteItems").CancelTransaction(1, "TransactionConflict")
func (r *Rule) CancelTransaction(position int, code string) *Rule {
	cancel := func(_ HTTPClient, request *http.Request, body []byte) (*http.Response, error) {
		reasons := make([]apierror.Reason, actionsIn(operationOf(request), body))
		for i := range reasons {
			reasons[i].Code = "None"
		}
		reasons[position] = apierror.Reason{Code: code, Message: cancellationMessages[code]}
		refusal := apierror.TransactionCanceled(reasons)
		return jsonResponse(request, refusal.Status, faultHeader(dynamoDBType), map[string]any{
			"__type": refusal.Type, "Message": refusal.Message, "CancellationReasons": reasons,
		})
	}
	return r.doesTo(fmt.Sprintf("CancelTransaction %d %s", position, code), func(request Request) effect {
		if position < 0 || position >= actionsIn(request.Operation, request.Body) {
			return nil
		}
		return cancel
	})
}

// cancellationMessages go with the codes that come from the service's load and
// from other requests.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
var cancellationMessages = map[string]string{
	"ConditionalCheckFailed":          "The conditional request failed",
	"ItemCollectionSizeLimitExceeded": "Collection size exceeded.",
	"ProvisionedThroughputExceeded":   "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
	"ThrottlingError":                 "Throughput exceeds the current throughput limit for your account. Please contact AWS Support.",
	"TransactionConflict":             "Transaction is ongoing for the item",
}

// actionsIn counts the actions of a transaction; 0 for every other request.
func actionsIn(operation string, body []byte) int {
	if operation != "TransactWriteItems" && operation != "TransactGetItems" {
		return 0
	}
	var content struct{ TransactItems []json.RawMessage }
	_ = json.Unmarshal(body, &content) // a body that is no transaction has no actions
	return len(content.TransactItems)
}
