import { describe, expect, test } from '@jest/globals'
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNullableType,
  isObjectType,
  isSpecifiedScalarType,
  validateSchema,
} from 'graphql'
import { printContract } from '../../src/graphql/schema.js'

const schema = buildSchema(printContract())
const ours = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type))

interface Described {
  readonly place: string
  readonly description: string | null | undefined
}

function partsOf(type: GraphQLNamedType): Described[] {
  const own = { place: type.name, description: type.description }
  if (isEnumType(type)) return [own, ...type.getValues().map(({ name, description }) => ({ place: `${type.name}.${name}`, description }))]
  if (isInputObjectType(type))
    return [own, ...Object.values(type.getFields()).map(({ name, description }) => ({ place: `${type.name}.${name}`, description }))]
  if (!isObjectType(type) && !isInterfaceType(type)) return [own]
  const fields = Object.values(type.getFields()).flatMap((field) => [
    { place: `${type.name}.${field.name}`, description: field.description },
    ...field.args.map((arg) => ({ place: `${type.name}.${field.name}(${arg.name})`, description: arg.description })),
  ])
  return [own, ...fields]
}

describe('the schema', () => {
  test('is valid', () => {
    expect(validateSchema(schema)).toEqual([])
  })

  test('describes every type, field, argument, input field and enum value', () => {
    const undescribed = ours.flatMap(partsOf).filter(({ description }) => !description?.trim())
    expect(undescribed.map(({ place }) => place)).toEqual([])
  })

  test('prints the same twice', () => {
    expect(printContract()).toBe(printContract())
  })

  test.each([
    ['Query', 'stream'],
    ['Query', 'streams'],
    ['Query', 'validateClip'],
    ['Query', 'clip'],
    ['Query', 'node'],
    ['Mutation', 'requestClip'],
    ['Mutation', 'renewClipUrl'],
    ['Stream', 'tags'],
    ['Stream', 'dataEndpoint'],
    ['Stream', 'fragments'],
    ['Clip', 'stream'],
  ])('keeps %s.%s nullable, so that one failed call does not affect the rest of a response', (typeName, field) => {
    const type = schema.getType(typeName)
    expect(isObjectType(type) && isNullableType(type.getFields()[field]?.type)).toBe(true)
  })
})
