import { expect, test } from '@jest/globals'
import { toStartPage } from '../../src/http/html-page.js'

test.each([
  ['http://127.0.0.1:4000', '/'],
  ['https://clips.example.net', '/'],
  ['https://example.net/cameras/clips', '/cameras/clips/'],
])('the links of the page at %s include the path of a reverse proxy', (publicUrl, base) => {
  const links = [...toStartPage(publicUrl, { hasMetrics: true, hasSchema: true }).content.matchAll(/href="([^"]*)"/g)].map(
    ([, link]) => link,
  )
  expect(links).toEqual([`${base}schema.graphql`, `${base}health/ready`, `${base}metrics`])
})
