/** Where GraphQL is, over HTTP and over WebSockets. */
export const GRAPHQL_PATH = '/graphql'
