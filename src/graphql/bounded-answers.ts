import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type ResponsePath,
} from 'graphql'
import { at } from '../lib/at.js'
import { Semaphore, takeTurn } from '../lib/semaphore.js'
import type { AnswerList } from './answer-bytes.js'
import type { RequestContext } from './context.js'

/** Items that are completed in one turn of the event loop, so that a long list does not delay other requests. */
const ITEMS_PER_TURN = 500
/** Items that wait for their turn take memory, so one long list is completed at a time. */
const longLists = new Semaphore(1)
/** `"":,` for a key. */
const KEY_BYTES = 4
const BRACKETS_BYTES = 2
const COMMA_BYTES = 1
/** Numbers and booleans count as many bytes as a timestamp in milliseconds, the longest of them. A DateTime is a number until it is serialized. */
const NUMBER_BYTES = 13
const DATE_TIME_BYTES = 26

type Resolve = GraphQLFieldResolver<unknown, RequestContext>

/**
 * Makes each field count the bytes that it adds to the response. A response that becomes too large is stopped while it is built, and no more resolvers
 * run. Introspection is not counted, because its cost limits its size.
 */
export function boundAnswers(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) field.resolve = boundField(field)
  }
}

function boundField(field: GraphQLField<unknown, RequestContext>): Resolve {
  const resolve: Resolve = field.resolve ?? defaultFieldResolver
  const charge = isListOfObjects(field) ? createListCharge() : createCharge(field)
  const isNullable = !isNonNullType(field.type)
  return (source, args, context, info) => {
    const { refusal } = context.answer
    if (refusal !== null) {
      // One error is enough.
      if (isNullable) return null
      throw refusal
    }
    const value: unknown = resolve(source, args, context, info)
    if (isPromise(value)) return value.then((awaited) => charge(awaited, info.path, context))
    return charge(value, info.path, context)
  }
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function isListOfObjects({ type }: GraphQLField<unknown, RequestContext>): boolean {
  return isListType(getNullableType(type)) && !isLeafType(getNamedType(type))
}

/** Counts the value of a field, and returns the value. */
type Charge = (value: unknown, path: ResponsePath, context: RequestContext) => unknown

function createCharge({ type }: GraphQLField<unknown, RequestContext>): Charge {
  const named = getNamedType(type)
  const numberBytes = named.name === 'DateTime' ? DATE_TIME_BYTES : NUMBER_BYTES
  const sizeOf = (value: unknown): number => {
    if (typeof value === 'string') return BRACKETS_BYTES + Buffer.byteLength(value)
    if (Array.isArray(value)) return value.reduce((sum, item) => sum + sizeOf(item) + COMMA_BYTES, BRACKETS_BYTES)
    return typeof value === 'object' ? BRACKETS_BYTES : numberBytes
  }
  return (value, path, { answer }) => {
    answer.add(keyBytesOf(path) + (isLeafType(named) ? sizeOf(value) : BRACKETS_BYTES))
    return value
  }
}

function createListCharge(): Charge {
  return (value, path, context) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : []
    const list = context.answer.listAt(toText(path))
    context.answer.enter(list)
    context.answer.add(keyBytesOf(path) + BRACKETS_BYTES + items.length * (BRACKETS_BYTES + COMMA_BYTES))
    return items.length > ITEMS_PER_TURN ? completeInTurns(items, list, context) : value
  }
}

/** graphql-js completes an item that is a promise once it resolves. So each group of items is completed in a turn of its own. */
function completeInTurns(
  items: readonly unknown[],
  list: AnswerList,
  { caller: { signal }, answer }: RequestContext,
): Promise<readonly unknown[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>()
  const complete = async () => {
    await takeTurn()
    signal.throwIfAborted()
    const groups = Array.from({ length: Math.ceil(items.length / ITEMS_PER_TURN) }, () => Promise.withResolvers<void>())
    answer.enter(list)
    resolve(items.map((item, index) => at(groups, Math.floor(index / ITEMS_PER_TURN)).promise.then(() => item)))
    for (const group of groups) {
      await takeTurn()
      if (signal.aborted) group.reject(signal.reason)
      answer.enter(list)
      group.resolve()
    }
  }
  longLists.run(complete).catch(reject)
  return promise
}

function keyBytesOf({ key }: ResponsePath): number {
  return typeof key === 'string' ? key.length + KEY_BYTES : 0
}

/** Without indices: `streams.nodes.coverage`. */
function toText(path: ResponsePath): string {
  const keys: string[] = []
  for (let at: ResponsePath | undefined = path; at; at = at.prev) if (typeof at.key === 'string') keys.unshift(at.key)
  return keys.join('.')
}
