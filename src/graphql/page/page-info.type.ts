import { Field, ObjectType } from 'type-graphql'

@ObjectType('PageInfo', { description: 'Relay: where a page of a connection stands.', simpleResolvers: true })
export class PageInfoType {
  @Field(() => Boolean, { description: 'True when there is more after this page: ask again with after: endCursor.' })
  readonly hasNextPage!: boolean

  @Field(() => Boolean, { description: 'True when the page was asked for with a cursor, so that something lies before it.' })
  readonly hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Cursor of the first item of the page. Null when the page is empty.' })
  readonly startCursor!: string | null

  @Field(() => String, { nullable: true, description: 'Cursor of the last item of the page. Null when the page is empty.' })
  readonly endCursor!: string | null
}
