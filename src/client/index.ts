// Typed operations for clients of the gateway, such as `RequestClipDocument`. They work with each client that takes typed documents.
export * from './generated/graphql.js'
