import { registerEnumType } from 'type-graphql'

/**
 * A GraphQL enum whose values are a string union of the domain. The record must name every member of the union, so a value that is
 * added there does not compile until it has a description here.
 */
export function enumType<Value extends string>(name: string, description: string, values: Readonly<Record<Value, string>>): object {
  const entries: [string, string][] = Object.entries(values)
  const type: Record<string, string> = Object.fromEntries(entries.map(([value]) => [value, value]))
  registerEnumType(type, {
    name,
    description,
    valuesConfig: Object.fromEntries(entries.map(([value, text]) => [value, { description: text }])),
  })
  return type
}
