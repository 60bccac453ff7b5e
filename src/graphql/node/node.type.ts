import { Field, ID, InterfaceType } from 'type-graphql'

/** What `Query.node` answers with: a domain object, told apart by the name of its GraphQL type. */
export interface TypedNode {
  readonly __typename: 'Stream' | 'Clip'
}

@InterfaceType('Node', {
  description: 'Relay: an object that can be read by its id.',
  resolveType: (value: TypedNode) => value.__typename,
})
export abstract class NodeType {
  @Field(() => ID, { description: 'Opaque and permanent. Clients must not parse it. Pass it to Query.node to get the object.' })
  readonly id!: string
}
