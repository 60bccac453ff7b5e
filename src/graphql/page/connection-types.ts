import { type ClassType, Field, ObjectType } from 'type-graphql'
import { PageInfoType } from './page-info.type.js'

/** The Relay connection of a type: `${name}Connection` and `${name}Edge`. */
export function connectionTypes(item: ClassType, name: string, items: string): ClassType {
  @ObjectType(`${name}Edge`, { description: `One of the ${items} of a page, with its position in the whole list.`, simpleResolvers: true })
  class EdgeType {
    @Field(() => String, { description: 'Opaque. Pass it as after to get the items after this one.' })
    readonly cursor!: string

    @Field(() => item, { description: 'The item itself.' })
    readonly node!: object
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${items}.`, simpleResolvers: true })
  class ConnectionType {
    @Field(() => [EdgeType], { description: 'The items, each with its cursor.' })
    readonly edges!: readonly EdgeType[]

    @Field(() => [item], { description: 'The items without cursors, in the same order as edges.' })
    readonly nodes!: readonly object[]

    @Field(() => PageInfoType, { description: 'Whether there are more items, and the cursors to request them.', complexity: 0 })
    readonly pageInfo!: PageInfoType
  }

  return ConnectionType
}
