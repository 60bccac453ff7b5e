import { Field, ObjectType } from 'type-graphql'

@ObjectType('Tag', { description: 'A tag of a stream, as ListTagsForStream returns it.', simpleResolvers: true })
export class TagType {
  @Field(() => String, { description: 'Unique among the tags of the stream.' })
  readonly key!: string

  @Field(() => String, { description: 'The value of the tag. It can be empty.' })
  readonly value!: string
}
