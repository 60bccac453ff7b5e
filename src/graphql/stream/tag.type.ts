import { Field, ObjectType } from 'type-graphql'

@ObjectType('Tag', { description: 'A tag of a stream, as ListTagsForStream gives it.', simpleResolvers: true })
export class TagType {
  @Field(() => String, { description: 'Unique among the tags of the stream.' })
  readonly key!: string

  @Field(() => String, { description: 'May be empty.' })
  readonly value!: string
}
