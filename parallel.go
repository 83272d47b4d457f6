package theorydb

import "sync"

// atOnce calls work for every number below n, at most limit of them at the same time, and returns when all have ended:
// no goroutine outlives the call that started it.
func atOnce(n, limit int, work func(i int)) {
	if n == 1 || limit == 1 {
		for i := range n {
			work(i)
		}
		return
	}
	var group sync.WaitGroup
	turns := make(chan struct{}, limit)
	for i := range n {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			work(i)
		})
	}
	group.Wait()
}
