import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type ValueNode,
} from 'graphql'
import { at } from '../../lib/at.js'
import { costOfField, toPoints } from './field-cost.js'
import { type FieldCost, findLargest, type NodeCost, type SetCost } from './largest-field.js'

export interface OperationCost {
  readonly cost: number
  /** The deepest field with at least half of the total cost, or else the most expensive top-level field. Null for an empty selection. */
  readonly largest: FieldCost | null
  /** Whether the cost can change with the variables. */
  readonly dependsOnVariables: boolean
  /** Whether a field has the argument `first`, so that the response can cost less. */
  readonly hasPages: boolean
}

export interface CostedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly variables: Readonly<Record<string, unknown>>
}

/** A document within the token limit has a few hundred selections. Fragments on many types multiply them. */
const MAX_SELECTIONS = 20_000

export class TooManySelections extends Error {}

/** The variables must be coerced. @throws TooManySelections, or GraphQLError for a null in a required argument */
export function costOfOperation(schema: GraphQLSchema, operation: CostedOperation): OperationCost {
  const root = schema.getRootType(operation.operation.operation)
  if (!root) return { cost: 0, largest: null, dependsOnVariables: false, hasPages: false }
  const counter = new CostCounter(schema, operation)
  const set = counter.costOf(root, [operation.operation.selectionSet])
  return {
    cost: toPoints(set.cost),
    largest: findLargest(set, { parent: null, multiplier: 1, totalCost: set.cost }),
    dependsOnVariables: counter.dependsOnVariables,
    hasPages: counter.hasPages,
  }
}

/**
 * The cost of an operation with the items that its answer has, instead of those that it asked for. Of a long list, a few items are counted and
 * the others taken to be alike.
 */
export function costOfAnswer(schema: GraphQLSchema, operation: CostedOperation, data: unknown): number {
  const root = schema.getRootType(operation.operation.operation)
  if (!root) return 0
  return toPoints(new CostCounter(schema, operation).costOfValue(root, [operation.operation.selectionSet], data))
}

/** Items of a list that are counted one by one. */
const MAX_COUNTED_ITEMS = 10

/**
 * Merges selections as the executor does: a field that several fragments select under one response key counts once. The cost of a selection
 * set is computed once and reused, so that nested fragments do not multiply the work.
 */
class CostCounter {
  dependsOnVariables = false
  hasPages = false
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #known = new Map<string, SetCost>()
  readonly #numbers = new Map<SelectionSetNode, number>()
  #selections = 0

  constructor(
    private readonly schema: GraphQLSchema,
    { document, variables }: CostedOperation,
  ) {
    this.#variables = variables
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]))
  }

  costOf(type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): SetCost {
    if (!isAbstractType(type)) return this.#costOfObject(type, sets)
    const costs = this.schema.getPossibleTypes(type).map((possible) => this.#costOfObject(possible, sets))
    return costs.reduce((most, set) => (set.cost > most.cost ? set : most), NOTHING)
  }

  #costOfObject(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): SetCost {
    const name = `${type.name} ${sets.map((set) => this.#numberOf(set)).join()}`
    const known = this.#known.get(name)
    if (known) return known
    const fields = [...this.#groupsOf(type, sets).values()].map((nodes) => this.#costOfField(type, nodes))
    const cost = { cost: fields.reduce((sum, field) => sum + field.cost, 0), fields }
    this.#known.set(name, cost)
    return cost
  }

  /** The cost of the selections for a value of an answer: an object, a list, or null if nothing was found. */
  costOfValue(type: GraphQLCompositeType, sets: readonly SelectionSetNode[], value: unknown): number {
    if (Array.isArray(value)) {
      const counted = value.slice(0, MAX_COUNTED_ITEMS)
      return counted.length === 0 ? 0 : counted.reduce((sum, item) => sum + this.costOfValue(type, sets, item), 0) / counted.length
    }
    if (typeof value !== 'object' || value === null) return 0
    const object = isAbstractType(type) ? this.#typeOf(type, value) : type
    if (object === null) return this.costOf(type, sets).cost
    const costs = [...this.#groupsOf(object, sets)].map(([key, nodes]) => this.#costOfAnswered(object, nodes, Reflect.get(value, key)))
    return costs.reduce((sum, cost) => sum + cost, 0)
  }

  #costOfAnswered(type: GraphQLObjectType, nodes: readonly FieldNode[], value: unknown): number {
    const node = at(nodes, 0)
    const field = this.#fieldOf(type, node.name.value)
    if (!field) return 0
    const named = getNamedType(field.type)
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    const childComplexity = isCompositeType(named) ? this.costOfValue(named, sets, value) : 0
    const args = this.#argumentsOf(field, node)
    return costOfField(type, field, {
      childComplexity,
      args: typeof args.first === 'number' ? { ...args, first: countItems(value) } : args,
    })
  }

  /** Null if the answer does not say. */
  #typeOf(type: GraphQLAbstractType, value: object): GraphQLObjectType | null {
    const name: unknown = Reflect.get(value, '__typename')
    return this.schema.getPossibleTypes(type).find((possible) => possible.name === name) ?? null
  }

  #groupsOf(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): ReadonlyMap<string, FieldNode[]> {
    const groups = new Map<string, FieldNode[]>()
    const visited = new Set<string>()
    for (const set of sets) this.#collect(set, { type, groups, visited })
    return groups
  }

  #costOfField(type: GraphQLObjectType, nodes: readonly FieldNode[]): NodeCost {
    const node = at(nodes, 0)
    const name = node.name.value
    const field = this.#fieldOf(type, name)
    // The validation reports an unknown field.
    if (!field) return { name, cost: 0, factor: 1, isPage: false, subfields: null }
    const named = getNamedType(field.type)
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    const subfields = isCompositeType(named) ? this.costOf(named, sets) : null
    const argumentsOf = () => this.#argumentsOf(field, node)
    const costWith = (childComplexity: number) =>
      costOfField(type, field, {
        childComplexity,
        get args() {
          return argumentsOf()
        },
      })
    const isPage = field.args.some(({ name }) => name === 'first')
    if (isPage) this.hasPages = true
    return { name, cost: costWith(subfields === null ? 0 : subfields.cost), factor: costWith(1) - costWith(0), isPage, subfields }
  }

  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Readonly<Record<string, unknown>> {
    if (field.args.length === 0) return NO_ARGUMENTS
    if (node.arguments?.some(({ value }) => hasVariable(value))) this.dependsOnVariables = true
    return getArgumentValues(field, node, this.#variables)
  }

  #collect(set: SelectionSetNode, into: Collection): void {
    for (const selection of set.selections) {
      this.#selections += 1
      if (this.#selections > MAX_SELECTIONS) throw new TooManySelections()
      if (this.#isIncluded(selection)) this.#collectSelection(selection, into)
    }
  }

  #collectSelection(selection: SelectionNode, into: Collection): void {
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value
      const group = into.groups.get(key)
      if (group) group.push(selection)
      else into.groups.set(key, [selection])
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      if (this.#applies(selection.typeCondition?.name.value, into.type)) this.#collect(selection.selectionSet, into)
    } else {
      const name = selection.name.value
      const fragment = this.#fragments.get(name)
      if (into.visited.has(name) || !fragment) return
      into.visited.add(name)
      if (this.#applies(fragment.typeCondition.name.value, into.type)) this.#collect(fragment.selectionSet, into)
    }
  }

  #isIncluded(selection: SelectionNode): boolean {
    if (!selection.directives?.length) return true
    this.dependsOnVariables = true
    if (getDirectiveValues(GraphQLSkipDirective, selection, this.#variables)?.if === true) return false
    return getDirectiveValues(GraphQLIncludeDirective, selection, this.#variables)?.if !== false
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true
    const conditional = this.schema.getType(condition)
    return isAbstractType(conditional) && this.schema.isSubType(conditional, type)
  }

  #fieldOf(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef
    if (type === this.schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
    }
    return type.getFields()[name]
  }

  #numberOf(set: SelectionSetNode): number {
    const known = this.#numbers.get(set)
    if (known !== undefined) return known
    this.#numbers.set(set, this.#numbers.size)
    return this.#numbers.size - 1
  }
}

/** The items of a page. One at least, so that a page whose items are not selected costs something. */
function countItems(page: unknown): number {
  if (typeof page !== 'object' || page === null) return 0
  const lengths = Object.values(page).map((value) => (Array.isArray(value) ? value.length : 0))
  return Math.max(1, ...lengths)
}

const NO_ARGUMENTS = {}

function hasVariable(value: ValueNode): boolean {
  if (value.kind === Kind.LIST) return value.values.some(hasVariable)
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => hasVariable(field.value))
  return value.kind === Kind.VARIABLE
}

interface Collection {
  readonly type: GraphQLObjectType
  readonly groups: Map<string, FieldNode[]>
  readonly visited: Set<string>
}

const NOTHING: SetCost = { cost: 0, fields: [] }
