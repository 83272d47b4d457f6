package main

import (
	"fmt"
	"log"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/localaws"
)

// both runs the same call twice at once.
func both[T any](call func() T) (results [2]T) {
	start := make(chan struct{})
	var running sync.WaitGroup
	for i := range results {
		running.Go(func() {
			<-start
			results[i] = call()
		})
	}
	close(start)
	running.Wait()
	return results
}

// stored looks for the item of a session in the table, past the library.
func stored(aws *localaws.AWS, sessionID string) bool {
	for _, item := range aws.Items(table) {
		if sk, ok := item["SK"].(*types.AttributeValueMemberS); ok && sk.Value == "SESS#"+sessionID {
			return true
		}
	}
	return false
}

func step(number int, title string) {
	if number > 1 {
		fmt.Println()
	}
	fmt.Printf("%d. %s\n", number, title)
}

func why(lines ...string) {
	for _, line := range lines {
		fmt.Println("   > " + line)
	}
}
func row(what string, is any)            { fmt.Printf("   %-28s %v\n", what, is) }
func second[T any](_ T, err error) error { return err }
func check(err error)                    { _ = must(0, err) }
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
