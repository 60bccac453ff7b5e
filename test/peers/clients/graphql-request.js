import { GraphQLClient } from 'graphql-request'
import { createClient } from 'graphql-ws'
import { CLIP, CLIP_PROGRESS, REQUEST_CLIP, STREAMS, toSocketUrl, UNKNOWN_FIELD } from './documents.js'

export function graphqlRequest(options) {
  return run(options, new GraphQLClient(options.url))
}

export function graphqlRequestByGet(options) {
  return run(options, new GraphQLClient(options.url, { method: 'GET' }))
}

/** It has no subscriptions of its own: graphql-ws by itself has them. It sends mutations by the method that it is set to. */
async function run({ url, input }, client) {
  const { streams } = await client.request(STREAMS, { first: 10 })
  const { requestClip } = await new GraphQLClient(url).request(REQUEST_CLIP, { input })
  const { clip } = await client.request(CLIP, { id: requestClip.clip.id })
  const socket = createClient({ url: toSocketUrl(url) })
  const states = []
  for await (const { data } of socket.iterate({ query: CLIP_PROGRESS, variables: { id: clip.id } })) states.push(data.clipProgress.state)
  const error = await client.request(UNKNOWN_FIELD).catch((caught) => caught)
  await socket.dispose()
  return { streams: streams.nodes, requested: requestClip.clip, clip, states, problem: error.response.errors[0].extensions.code }
}
