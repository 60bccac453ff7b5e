import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
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
} from 'graphql'
import { at } from '../../lib/at.js'
import { costOfField } from './field-cost.js'

/** The cost of a field and its subfields, multiplied by the items of the lists that contain it. */
export interface FieldCost {
  /** Field names, without aliases and indices. */
  readonly path: readonly string[]
  readonly cost: number
  /** Whether the field or one of its parents has the argument `first`. */
  readonly isPaged: boolean
}

export interface OperationCost {
  readonly cost: number
  /** The deepest field with at least half of the total cost, or else the most expensive top-level field. Null for an empty selection. */
  readonly largest: FieldCost | null
  /** Whether the cost depends on arguments or directives, and so can change with the variables. */
  readonly dependsOnVariables: boolean
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
  if (!root) return { cost: 0, largest: null, dependsOnVariables: false }
  const counter = new CostCounter(schema, operation)
  const set = counter.costOf(root, [operation.operation.selectionSet])
  return {
    cost: toPoints(set.cost),
    largest: findLargest(set, { parent: null, multiplier: 1, totalCost: set.cost }),
    dependsOnVariables: counter.dependsOnVariables,
  }
}

interface SetCost {
  readonly cost: number
  readonly fields: readonly NodeCost[]
}

interface NodeCost {
  readonly name: string
  readonly cost: number
  /** The field multiplies the cost of its subfields by this. */
  readonly factor: number
  readonly isPage: boolean
  readonly subfields: SetCost | null
}

/**
 * Merges selections as the executor does: a field that several fragments select under one response key counts once. The cost of a selection
 * set is computed once and reused, so that nested fragments do not multiply the work.
 */
class CostCounter {
  dependsOnVariables = false
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
    const groups = new Map<string, FieldNode[]>()
    const visited = new Set<string>()
    for (const set of sets) this.#collect(set, { type, groups, visited })
    const fields = [...groups.values()].map((nodes) => this.#costOfField(type, nodes))
    const cost = { cost: fields.reduce((sum, field) => sum + field.cost, 0), fields }
    this.#known.set(name, cost)
    return cost
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
    return { name, cost: costWith(subfields === null ? 0 : subfields.cost), factor: costWith(1) - costWith(0), isPage, subfields }
  }

  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Readonly<Record<string, unknown>> {
    this.dependsOnVariables = true
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

interface Collection {
  readonly type: GraphQLObjectType
  readonly groups: Map<string, FieldNode[]>
  readonly visited: Set<string>
}

const NOTHING: SetCost = { cost: 0, fields: [] }

interface Search {
  readonly parent: FieldCost | null
  /** How often the executor resolves the selection set. */
  readonly multiplier: number
  readonly totalCost: number
}

/** Finds the field to narrow first. A field under several aliases counts as one. */
function findLargest(set: SetCost, { parent, multiplier, totalCost }: Search): FieldCost | null {
  const largest = findLargestOf(set)
  if (!largest || (parent !== null && largest.cost * multiplier < totalCost / 2)) return parent
  const { cost, example } = largest
  const found = {
    path: [...(parent === null ? [] : parent.path), example.name],
    cost: toPoints(cost * multiplier),
    isPaged: example.isPage || parent?.isPaged === true,
  }
  if (cost === 0 || example.subfields === null) return found
  return findLargest(example.subfields, { parent: found, multiplier: multiplier * example.factor * (cost / example.cost), totalCost })
}

interface NamedCost {
  readonly cost: number
  /** The most expensive of the fields with this name. */
  readonly example: NodeCost
}

function findLargestOf({ fields }: SetCost): NamedCost | undefined {
  const byName = Map.groupBy(fields, ({ name }) => name)
  const costs = [...byName.values()].map((same) => ({
    cost: same.reduce((sum, { cost }) => sum + cost, 0),
    example: same.reduce((most, field) => (field.cost > most.cost ? field : most)),
  }))
  return costs.toSorted((a, b) => b.cost - a.cost)[0]
}

/** Rounds up to whole points, and corrects the rounding errors of sums of tenths. */
function toPoints(cost: number): number {
  return Math.ceil(Number(cost.toFixed(6)))
}
