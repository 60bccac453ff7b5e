import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'
import { inSpan } from '../lib/tracing.js'
import { isPromise } from './bounded-answers.js'
import type { RequestContext } from './context.js'

type Resolve = GraphQLFieldResolver<unknown, RequestContext>

/** Gives each field that calls out a span. A field whose last value needed no call has none, because most fields only read a member. */
export function traceFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      field.resolve = traced(`${type.name}.${field.name}`, field.resolve ?? defaultFieldResolver)
    }
  }
}

function traced(name: string, resolve: Resolve): Resolve {
  const attributes = { 'graphql.field.name': name }
  let callsOut = true
  return (source, args, context, info) => {
    if (!callsOut) {
      const value: unknown = resolve(source, args, context, info)
      callsOut = isPromise(value)
      return value
    }
    const values: unknown[] = []
    const spanned = inSpan(name, { attributes }, async () => {
      const value: unknown = resolve(source, args, context, info)
      values.push(value)
      return value
    })
    // A resolver that throws has no value.
    callsOut = values.length === 0 || values.some(isPromise)
    return callsOut ? spanned : values[0]
  }
}
