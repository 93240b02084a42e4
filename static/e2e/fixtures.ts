// What every scenario begins with: a real server of its own, and people who each have a browser.

import { test as base, type BrowserContextOptions, type Page } from '@playwright/test'

import { Person } from '../../tests/interop/harness/person.js'
import { Server } from '../../tests/interop/harness/server.js'

export { expect } from '@playwright/test'
export { Person, Server }

interface Fixtures {
  /** A server that nobody has used before, with an empty data folder. */
  server: Server
  /** A new browser in which nobody has logged in; it fails the test on an uncaught error of the page. */
  browse: (options?: BrowserContextOptions) => Promise<Page>
}

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    const server = await Server.start()
    await use(server)
    await server.stop()
  },

  browse: async ({ browser, server, contextOptions }, use) => {
    const errors: Error[] = []
    await use(async (options) => {
      const context = await browser.newContext({ ...contextOptions, baseURL: server.http, ...options })
      const page = await context.newPage()
      page.on('pageerror', (error) => errors.push(error))
      return page
    })
    for (const context of browser.contexts()) await context.close()
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'))
  },
})
