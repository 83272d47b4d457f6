.DEFAULT_GOAL := help

LINT := go tool -modfile=tools/go.mod golangci-lint

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: ## Run the tests on the embedded engine
	go test ./...

.PHONY: race
race: ## Run the tests with the race detector, as CI does
	go test -race ./...

.PHONY: lint
lint: ## Check with go vet and golangci-lint
	go vet ./...
	$(LINT) run --timeout 10m ./...

.PHONY: fmt
fmt: ## Format the code and tidy both modules
	$(LINT) fmt
	go mod tidy
	go -C tools mod tidy

.PHONY: contract
contract: ## Run the contract suite on the embedded engine
	go run ./cmd/theorydb contract

.PHONY: ci
ci: ## Run everything CI runs, with Amazon DynamoDB Local
	.ci/run
