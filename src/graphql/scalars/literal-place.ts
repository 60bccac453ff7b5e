import { type DocumentNode, GraphQLError, Kind, parse, type Source, type ValueNode, visit } from 'graphql'

/** By the offset at which a value begins. A document may hold a hundred wrong ones. */
type Places = ReadonlyMap<number, string>

const placesBySource = new WeakMap<Source, Places>()

/**
 * Reads a literal by a function that refuses with a GraphQLError, and adds to the refusal where the literal stands: its location in the
 * document, and the argument that it was given for. graphql-js does so for its own scalars, and for variables.
 */
export function readLiteral<T>(node: ValueNode, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const place = placeOf(node)
    throw new GraphQLError(place === null ? error.message : `${place}: ${error.message}`, { nodes: node, originalError: error })
  }
}

function placeOf({ loc }: ValueNode): string | null {
  if (loc === undefined) return null
  const places = placesBySource.get(loc.source) ?? findPlaces(loc.source)
  placesBySource.set(loc.source, places)
  return places.get(loc.start) ?? null
}

/** A node does not know what it stands in, so the document is read once more. */
function findPlaces(source: Source): Places {
  const places = new Map<number, string>()
  const note = (value: ValueNode, path: string, toPlace: (path: string) => string): void => {
    if (value.loc) places.set(value.loc.start, toPlace(path))
    if (value.kind === Kind.LIST) for (const [index, item] of value.values.entries()) note(item, `${path}[${index}]`, toPlace)
    if (value.kind === Kind.OBJECT) for (const field of value.fields) note(field.value, `${path}.${field.name.value}`, toPlace)
  }
  const document = parseDocument(source)
  if (document === null) return places
  visit(document, {
    Field({ name, arguments: given = [] }) {
      for (const { name: argument, value } of given) note(value, argument.value, (path) => `Argument "${path}" of "${name.value}"`)
    },
    VariableDefinition({ variable, defaultValue }) {
      if (defaultValue) note(defaultValue, `$${variable.name.value}`, (path) => `Default value of "${path}"`)
    },
  })
  return places
}

/** Null for the text of a value alone, which graphql-js reads too. */
function parseDocument(source: Source): DocumentNode | null {
  try {
    return parse(source)
  } catch {
    return null
  }
}
