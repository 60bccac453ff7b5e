import {
  type DocumentNode,
  GraphQLError,
  GraphQLScalarType,
  Kind,
  parse as parseGraphql,
  type Source,
  type ValueNode,
  visit,
} from 'graphql'
import { quoteInput, quoteLiteral } from './quote-input.js'

export interface ScalarOptions<Value> {
  readonly name: string
  readonly description: string
  readonly specifiedByURL?: string
  readonly literal: Kind.INT | Kind.STRING
  /** `given` is the value as error messages quote it. @throws GraphQLError */
  readonly parse: (value: unknown, given: string) => Value
  /** The default is `parse`. @throws GraphQLError */
  readonly serialize?: (value: unknown) => Value | string
}

/** A scalar whose variables and literals go through the same `parse`. */
export function createScalar<Value extends string | number>({
  literal,
  parse,
  serialize,
  ...options
}: ScalarOptions<Value>): GraphQLScalarType<Value, Value | string> {
  const parseValue = (value: unknown) => parse(value, quoteInput(value))
  return new GraphQLScalarType<Value, Value | string>({
    ...options,
    parseValue,
    parseLiteral: (node) => locateErrors(node, () => parse(toValue(node, literal), quoteLiteral(node))),
    serialize: serialize ?? parseValue,
  })
}

function toValue(node: ValueNode, literal: ScalarOptions<unknown>['literal']): unknown {
  if (node.kind !== literal) return null
  return node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : null
}

/** Adds the location of the literal and the name of its argument to errors. graphql-js does so only for its own scalars and for variables. */
function locateErrors<Value>(node: ValueNode, parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const place = findPlace(node)
    throw new GraphQLError(place === null ? error.message : `${place}: ${error.message}`, { nodes: node, originalError: error })
  }
}

/** What each value of a document belongs to, by the offset where the value starts. */
type Places = ReadonlyMap<number, string>

/** A document can have a hundred invalid values, and is read only once for all of them. */
const placesBySource = new WeakMap<Source, Places>()

function findPlace({ loc }: ValueNode): string | null {
  if (loc === undefined) return null
  const places = placesBySource.get(loc.source) ?? findPlaces(loc.source)
  placesBySource.set(loc.source, places)
  return places.get(loc.start) ?? null
}

/** Parses the document again, because a node does not refer to its parent. */
function findPlaces(source: Source): Places {
  const places = new Map<number, string>()
  const add = (value: ValueNode, path: string, toPlace: (path: string) => string): void => {
    if (value.loc) places.set(value.loc.start, toPlace(path))
    if (value.kind === Kind.LIST) for (const [index, item] of value.values.entries()) add(item, `${path}[${index}]`, toPlace)
    if (value.kind === Kind.OBJECT) for (const field of value.fields) add(field.value, `${path}.${field.name.value}`, toPlace)
  }
  const document = parseDocument(source)
  if (document === null) return places
  visit(document, {
    Field({ name, arguments: given = [] }) {
      for (const { name: argument, value } of given) add(value, argument.value, (path) => `Argument "${path}" of "${name.value}"`)
    },
    VariableDefinition({ variable, defaultValue }) {
      if (defaultValue) add(defaultValue, `$${variable.name.value}`, (path) => `Default value of "${path}"`)
    },
  })
  return places
}

/** Null when the source is a single value, which graphql-js can parse too. */
function parseDocument(source: Source): DocumentNode | null {
  try {
    return parseGraphql(source)
  } catch {
    return null
  }
}
