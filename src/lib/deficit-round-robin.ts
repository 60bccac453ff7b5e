export interface QueuedItem {
  /** Items of one flow keep their order. Flows take turns. */
  readonly flow: string
  readonly cost: number
}

interface Flow<Item> {
  readonly items: Item[]
  deficit: number
  /** Whether it is this flow's turn, and its quantum is added. */
  hasTurn: boolean
}

/**
 * Deficit round robin (Shreedhar and Varghese, 1995): each flow in turn may spend `quantum` and what it has left from earlier turns. However
 * many items a flow queues, an item of another flow waits for about one turn of each flow.
 */
export class DeficitRoundRobin<Item extends QueuedItem> {
  readonly #quantum: number
  /** In the order of their turns. A flow without items is forgotten. */
  readonly #flows = new Map<string, Flow<Item>>()
  #size = 0

  constructor(quantum: number) {
    this.#quantum = quantum
  }

  get size(): number {
    return this.#size
  }

  /** Of all items. */
  get cost(): number {
    return [...this.#flows.values()].reduce((sum, { items }) => sum + sumOf(items), 0)
  }

  push(item: Item): void {
    const flow = this.#flows.get(item.flow) ?? { items: [], deficit: 0, hasTurn: false }
    flow.items.push(item)
    this.#flows.set(item.flow, flow)
    this.#size += 1
  }

  /** The item whose turn it is. The same one until it is shifted or removed. Null if there is none. */
  peek(): Item | null {
    for (const [name, flow] of this.#flows) {
      if (!flow.hasTurn) flow.deficit += this.#quantum
      flow.hasTurn = true
      const [item] = flow.items
      if (item !== undefined && item.cost <= flow.deficit) return item
      flow.hasTurn = false
      // A map goes on to a key that was added during the iteration, so this is the round.
      this.#flows.delete(name)
      this.#flows.set(name, flow)
    }
    return null
  }

  /** Removes the item of `peek`, and charges its flow. */
  shift(): Item | null {
    const item = this.peek()
    if (item === null) return null
    const flow = this.#flows.get(item.flow)
    if (flow !== undefined) flow.deficit -= item.cost
    this.remove(item)
    return item
  }

  /** Removes an item that gives up its place. Its flow pays nothing. */
  remove(item: Item): void {
    const flow = this.#flows.get(item.flow)
    const index = flow?.items.indexOf(item) ?? -1
    if (flow === undefined || index < 0) return
    flow.items.splice(index, 1)
    this.#size -= 1
    if (flow.items.length === 0) this.#flows.delete(item.flow)
  }

  /** The costs that may be served before a new item of the flow: all of its own, and as much of each other flow, plus a quantum. */
  costAhead({ flow: name, cost }: QueuedItem): number {
    const own = sumOf(this.#flows.get(name)?.items ?? []) + cost
    let ahead = own - cost
    for (const [other, { items }] of this.#flows) {
      if (other !== name) ahead += Math.min(sumOf(items), own + this.#quantum)
    }
    return ahead
  }
}

function sumOf(items: readonly QueuedItem[]): number {
  return items.reduce((sum, { cost }) => sum + cost, 0)
}
