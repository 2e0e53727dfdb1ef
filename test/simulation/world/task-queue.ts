export type Task = { at: number; order: number; run: () => void }

/** Tasks by their time; those of one time in the order in which they were put in. */
export class TaskQueue {
  readonly #heap: Task[] = []

  get size(): number {
    return this.#heap.length
  }

  push(task: Task): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(task)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (isBefore(heap[above] as Task, task)) break
      heap[at] = heap[above] as Task
      at = above
    }
    heap[at] = task
  }

  peek(): Task | undefined {
    return this.#heap[0]
  }

  pop(): Task | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Task, heap[below] as Task)) below++
      if (isBefore(last, heap[below] as Task)) break
      heap[at] = heap[below] as Task
      at = below
    }
    heap[at] = last
    return first
  }
}

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
