// What every scenario begins with: a real server of its own, and people who each have a browser.

import { test as base, type BrowserContextOptions, type Page } from '@playwright/test'

import { Person } from '../../tests/interop/harness/person.js'
import { Server } from '../../tests/interop/harness/server.js'

export { expect, type Page } from '@playwright/test'
export { Person }

interface Fixtures {
  /** A server that nobody has used before, with an empty data folder. */
  server: Server
  /** A new browser in which nobody has logged in. An error that a page doesn't catch fails the test. */
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
    await Promise.all(browser.contexts().map((context) => context.close()))
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('\n'))
  },
})

/** Logs a person in without the form: the browser gets the cookie that the form would have brought. */
export async function logIn(page: Page, { mail, password }: Person): Promise<void> {
  await page.request.post('/api/v1/sessions', { data: { mail, password } })
}

/** Opens the editor of a trip for somebody who is logged in. */
export async function openTrip(page: Page, trip: string): Promise<void> {
  await page.goto(`/trips/${trip.replace('trip:', '')}`)
}
