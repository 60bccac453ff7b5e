import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql'

/**
 * Counts the comparisons that graphql-js makes to check whether the fields of a document can be merged (GraphQL specification, 5.3.2):
 * one for each selection, each pair of fields under one response key, and each pair of fragments in one selection set. Their number grows with the square of
 * the document's size. Stops counting above `atMost`.
 */
export function countMergeComparisons(document: DocumentNode, atMost: number): number {
  return new ComparisonCounter(document, atMost).countAll(document)
}

interface Collected {
  readonly fields: Map<string, FieldNode[]>
  readonly fragments: Set<string>
}

class ComparisonCounter {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #reached = new Set<string>()
  /** The same group of fields can occur in several places, but is compared once. */
  readonly #compared = new Set<string>()
  readonly #numbers = new Map<FieldNode, number>()
  #selections = 0
  #fieldPairs = 0
  #fragmentPairs = 0

  constructor(
    document: DocumentNode,
    private readonly atMost: number,
  ) {
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]))
  }

  countAll({ definitions }: DocumentNode): number {
    for (const node of definitions) if (node.kind === Kind.OPERATION_DEFINITION) this.#merge([node.selectionSet])
    // Fragments that an operation reaches are counted with it.
    for (const [name, { selectionSet }] of this.#fragments) if (!this.#reached.has(name)) this.#merge([selectionSet])
    return this.#count
  }

  get #count(): number {
    // The same pair of fragments can occur in several places, but is compared once.
    return this.#selections + this.#fieldPairs + Math.min(this.#fragmentPairs, pairsOf(this.#reached.size))
  }

  get #isOver(): boolean {
    return this.#count > this.atMost
  }

  #merge(sets: readonly SelectionSetNode[]): void {
    const collected: Collected = { fields: new Map(), fragments: new Set() }
    for (const set of sets) this.#collect(set, collected)
    this.#fragmentPairs += pairsOf(collected.fragments.size)
    for (const nodes of collected.fields.values()) {
      if (this.#isOver) return
      this.#compare(nodes)
    }
  }

  #compare(nodes: readonly FieldNode[]): void {
    const key = nodes.map((node) => this.#numberOf(node)).join()
    if (this.#compared.has(key)) return
    this.#compared.add(key)
    this.#fieldPairs += pairsOf(nodes.length)
    this.#merge(nodes.flatMap(({ selectionSet }) => selectionSet ?? []))
  }

  #collect({ selections }: SelectionSetNode, into: Collected): void {
    for (const selection of selections) {
      if (this.#isOver) return
      this.#selections += 1
      if (selection.kind === Kind.FIELD) addField(into.fields, selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) this.#collect(selection.selectionSet, into)
      else this.#collectFragment(selection.name.value, into)
    }
  }

  #collectFragment(name: string, into: Collected): void {
    if (into.fragments.has(name)) return
    into.fragments.add(name)
    this.#reached.add(name)
    const fragment = this.#fragments.get(name)
    if (fragment) this.#collect(fragment.selectionSet, into)
  }

  #numberOf(node: FieldNode): number {
    const known = this.#numbers.get(node)
    if (known !== undefined) return known
    this.#numbers.set(node, this.#numbers.size)
    return this.#numbers.size - 1
  }
}

function addField(fields: Map<string, FieldNode[]>, node: FieldNode): void {
  const key = node.alias?.value ?? node.name.value
  const nodes = fields.get(key)
  if (nodes) nodes.push(node)
  else fields.set(key, [node])
}

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2
}
