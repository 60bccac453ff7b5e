import { Field, ObjectType } from 'type-graphql'

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
