import { type ClassType, Field, ObjectType } from 'type-graphql'

@ObjectType('PageInfo', { description: 'Relay: the position of a page in a connection.', simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, { description: 'True when there are items after this page. Request them with after: endCursor.' })
  readonly hasNextPage!: boolean

  @Field(() => Boolean, { description: 'True when the request had a cursor, so there are items before this page.' })
  readonly hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Cursor of the first item of the page. Null when the page is empty.' })
  readonly startCursor!: string | null

  @Field(() => String, { nullable: true, description: 'Cursor of the last item of the page. Null when the page is empty.' })
  readonly endCursor!: string | null
}

/** The Relay connection of a type: `${name}Connection` and `${name}Edge`. */
export function connectionTypes(item: ClassType, name: string, items: string): ClassType {
  @ObjectType(`${name}Edge`, { description: `One of the ${items} of a page, with its position in the list.`, simpleResolvers: true })
  class EdgeType {
    @Field(() => String, { description: 'Opaque. Pass it as after to get the items that follow.' })
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
