// The operations of each client as text. Relay has the same operations in compiled form, in test/fixtures/relay.

export const STREAMS = 'query Streams($first: Int!) { streams(first: $first) { nodes { id name status } pageInfo { hasNextPage } } }'
export const CLIP = 'query Clip($id: ID!) { clip(id: $id) { id state downloadUrl expiresAt } }'
export const REQUEST_CLIP =
  'mutation RequestClip($input: ClipInput!) { requestClip(input: $input) { clip { id state downloadUrl } issues { code message } } }'
export const CLIP_PROGRESS = 'subscription ClipProgress($id: ID!) { clipProgress(id: $id) { id state progress } }'
export const UNKNOWN_FIELD = 'query Unknown { limits { nothing } }'

/** Where subscriptions are: the address of queries, over a WebSocket. */
export const toSocketUrl = (url) => url.replace(/^http/, 'ws')
