import { createServer } from 'node:http'

export interface Site extends AsyncDisposable {
  readonly url: string
}

/** A web server with its own origin. Every address has the same page. */
export async function startSite(html = '<!doctype html>'): Promise<Site> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
