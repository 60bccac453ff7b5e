import { Field, ID, InterfaceType } from 'type-graphql'

/** A domain object with the name of its GraphQL type, as `Query.node` returns it. */
export interface TypedNode {
  readonly __typename: 'Stream' | 'Clip'
}

@InterfaceType('Node', {
  description: 'Relay: an object that can be read by its id.',
  resolveType: (value: TypedNode) => value.__typename,
})
export abstract class NodeType {
  @Field(() => ID, { description: 'Opaque and permanent: do not parse it. Pass it to Query.node to get the object.' })
  readonly id!: string
}
