// What every scenario begins with: a real server of its own, and people who each have a browser.

import { test as base, type BrowserContextOptions, type Page } from '@playwright/test'

import { Person } from '../../tests/interop/harness/person.js'
import { Server } from '../../tests/interop/harness/server.js'

export { expect, type Page } from '@playwright/test'
export { Person }

interface Fixtures {
  /** A server that nobody has used before, with an empty data folder. */
  server: Server
  /** A new browser, of a person who is logged in or of nobody. An error that a page doesn't catch fails the test. */
  browse: (person?: Person | null, options?: BrowserContextOptions) => Promise<Page>
}

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    const server = await Server.start()
    await use(server)
    await server.stop()
  },

  browse: async ({ browser, server, contextOptions }, use) => {
    const errors: Error[] = []
    await use(async (person, options) => {
      const baseURL = (person?.server ?? server).http
      const context = await browser.newContext({ ...contextOptions, baseURL, ...options })
      if (person) await logIn(context.request, person)
      const page = await context.newPage()
      page.on('pageerror', (error) => errors.push(error))
      return page
    })
    await Promise.all(browser.contexts().map((context) => context.close()))
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'))
  },
})

/** The browser gets the cookie that the log-in form would have brought. */
async function logIn(request: Page['request'], { mail, password }: Person): Promise<void> {
  const answer = await request.post('/api/v1/sessions', { data: { mail, password } })
  if (!answer.ok()) throw new Error(`the log-in failed: ${answer.status()} ${await answer.text()}`)
}
