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
import { costOfField } from './field-cost.js'

/** What a field costs with all below it, times the items of the lists around it. */
export interface FieldCost {
  /** Names of fields, without aliases and indices. */
  readonly path: readonly string[]
  readonly cost: number
  /** Whether the field, or one around it, has `first`. */
  readonly isPaged: boolean
}

export interface OperationCost {
  readonly cost: number
  /** The deepest field that makes up at least half of the cost, or else the dearest of the operation. Null when nothing is selected. */
  readonly dearest: FieldCost | null
  /** Whether arguments or directives were looked at: then other variables may give another cost. */
  readonly dependsOnVariables: boolean
}

export interface CostedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  /** Coerced, with their defaults. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** Selections that are looked at: a document of as many tokens as are read has some hundred, which few sets share. */
const MAX_SELECTIONS = 20_000

export class TooManySelections extends Error {}

/** @throws TooManySelections, and a GraphQLError where an argument is null that may not be */
export function costOfOperation(schema: GraphQLSchema, operation: CostedOperation): OperationCost {
  const root = schema.getRootType(operation.operation.operation)
  if (!root) return { cost: 0, dearest: null, dependsOnVariables: false }
  const counter = new CostCounter(schema, operation)
  const set = counter.costOf(root, [operation.operation.selectionSet])
  return { cost: toPoints(set.cost), dearest: findDearest(set), dependsOnVariables: counter.dependsOnVariables }
}

interface SetCost {
  readonly cost: number
  readonly fields: readonly Costed[]
}

interface Costed {
  readonly name: string
  readonly cost: number
  /** By how much the field multiplies what is below it. */
  readonly factor: number
  readonly isPage: boolean
  readonly below: SetCost | null
}

/**
 * Counts as the executor collects: a field that several fragments select under one key is one field. Selections that are reached by
 * several ways are counted once and added as often, so that fragments which multiply cost no time.
 */
class CostCounter {
  dependsOnVariables = false
  readonly #schema: GraphQLSchema
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #known = new Map<string, SetCost>()
  readonly #numbers = new Map<SelectionSetNode, number>()
  #selections = 0

  constructor(schema: GraphQLSchema, { document, variables }: CostedOperation) {
    this.#schema = schema
    this.#variables = variables
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]))
  }

  costOf(type: GraphQLCompositeType, sets: readonly SelectionSetNode[]): SetCost {
    if (!isAbstractType(type)) return this.#costOfObject(type, sets)
    const costs = this.#schema.getPossibleTypes(type).map((possible) => this.#costOfObject(possible, sets))
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

  #costOfField(type: GraphQLObjectType, nodes: readonly FieldNode[]): Costed {
    const [node] = nodes
    const name = node?.name.value ?? ''
    const field = this.#fieldOf(type, name)
    // Other rules refuse what the schema does not have.
    if (!node || !field) return { name, cost: 0, factor: 1, isPage: false, below: null }
    const named = getNamedType(field.type)
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    const below = isCompositeType(named) ? this.costOf(named, sets) : null
    const argumentsOf = () => this.#argumentsOf(field, node)
    const costWith = (childComplexity: number) =>
      costOfField(type, field, {
        childComplexity,
        get args() {
          return argumentsOf()
        },
      })
    const isPage = field.args.some(({ name }) => name === 'first')
    return { name, cost: costWith(below?.cost ?? 0), factor: costWith(1) - costWith(0), isPage, below }
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
    const conditional = this.#schema.getType(condition)
    return isAbstractType(conditional) && this.#schema.isSubType(conditional, type)
  }

  #fieldOf(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef
    if (type === this.#schema.getQueryType()) {
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

/** The way down to the field that should be narrowed first. One that is selected under several aliases counts as one. */
function findDearest(whole: SetCost): FieldCost | null {
  const found: FieldCost[] = []
  let times = 1
  let set: SetCost | null = whole
  while (set !== null) {
    const dearest = findDearestOf(set)
    const around = found.at(-1)
    if (!dearest || (around && dearest.cost * times < whole.cost / 2)) break
    found.push({
      path: [...(around?.path ?? []), dearest.example.name],
      cost: toPoints(dearest.cost * times),
      isPaged: dearest.example.isPage || around?.isPaged === true,
    })
    times *= dearest.example.factor * (dearest.cost / dearest.example.cost)
    set = dearest.cost > 0 ? dearest.example.below : null
  }
  return found.at(-1) ?? null
}

interface NamedCost {
  readonly cost: number
  /** The dearest of those that have the name. */
  readonly example: Costed
}

function findDearestOf({ fields }: SetCost): NamedCost | undefined {
  const byName = new Map<string, NamedCost>()
  for (const field of fields) {
    const known = byName.get(field.name)
    const example = known && known.example.cost >= field.cost ? known.example : field
    byName.set(field.name, { cost: (known?.cost ?? 0) + field.cost, example })
  }
  return [...byName.values()].toSorted((a, b) => b.cost - a.cost)[0]
}

/** Whole points; sums of tenths are a little off. */
function toPoints(cost: number): number {
  return Math.ceil(Number(cost.toFixed(6)))
}
