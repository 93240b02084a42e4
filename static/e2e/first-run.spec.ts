// The first minutes of somebody who has never been here, in Korean and in English.

import { expect, type Page, Person, test } from './fixtures'

async function signUp(page: Page, name: string): Promise<void> {
  await page.goto('/')
  await page.getByTestId('to-signup').click()
  await page.getByTestId('name').fill(name)
  await page.getByTestId('mail').fill('mina@example.org')
  await page.getByTestId('password').fill('correct horse battery staple')
  await page.getByTestId('submit').click()
}

const LANGUAGES = [
  { locale: 'ko-KR', create: '첫 여행 만들기' },
  { locale: 'en-GB', create: 'Plan your first trip' },
]

for (const { locale, create } of LANGUAGES) {
  test(`after the sign-up stands an empty dashboard that says what to do, in ${locale}`, async ({ browse }) => {
    const page = await browse(null, { locale })
    await signUp(page, '미나')
    await expect(page.getByTestId('welcome-create')).toHaveText(create)
    await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2))
  })
}

test('one click makes a sample trip', async ({ browse }) => {
  const page = await browse()
  await signUp(page, 'Mina')
  await page.getByTestId('sample-jeju').click()
  await expect(page).toHaveURL(/\/trips\/[0-9A-Z]{26}$/)
  await page.goto('/')
  await expect(page.getByTestId('trip-tile').filter({ hasText: 'Jeju' })).toBeVisible()
})

test('who comes back is still logged in, and who logs out is not', async ({ browse }) => {
  const page = await browse()
  await signUp(page, 'Mina')
  await page.getByTestId('account-menu').waitFor()
  await page.reload()
  await page.getByTestId('account-menu').click()
  await page.getByTestId('log-out').click()
  await page.getByTestId('login-form').waitFor()
  await page.goto('/')
  await page.getByTestId('login-form').waitFor()
})

test('a wrong password is said in words', async ({ browse }) => {
  const page = await browse()
  await page.goto('/login')
  await page.getByTestId('mail').fill('nobody@example.org')
  await page.getByTestId('password').fill('not the right one')
  await page.getByTestId('submit').click()
  await expect(page.getByRole('alert')).toHaveText('The email or password is not right.')
})

for (const { locale, words } of [
  { locale: 'ko-KR', words: '이미 있을 수 있어요' },
  { locale: 'en-GB', words: 'There may be an account with this email already' },
]) {
  test(`a sign-up with an address that has an account ends at the log-in, in ${locale}`, async ({ browse, server }) => {
    const mina = await Person.signUp(server, 'Mina')
    const page = await browse(null, { locale })
    await page.goto('/signup')
    await page.getByTestId('name').fill('Somebody')
    await page.getByTestId('mail').fill(mina.mail)
    await page.getByTestId('password').fill('another long password')
    await page.getByTestId('submit').click()
    const notice = page.getByTestId('perhaps-taken')
    await expect(notice).toContainText(words)
    await notice.getByRole('link').click()
    await page.getByTestId('login-form').waitFor()
  })
}

test('a mail address is one, however its host is written', async ({ browse }) => {
  const page = await browse()
  await page.goto('/signup')
  await page.getByTestId('name').fill('Mina')
  await page.getByTestId('mail').fill('mina@b\u00fccher.example')
  await page.getByTestId('password').fill('correct horse battery staple')
  await page.getByTestId('submit').click()
  await page.getByTestId('account-menu').click()
  await expect(page.getByText('mina@b\u00fccher.example'), 'shown as people write it').toBeVisible()

  const elsewhere = await browse()
  for (const mail of ['mina@xn--bcher-kva.example', 'MINA@BÜCHER.example', 'mina@bu\u0308cher.example']) {
    await elsewhere.context().clearCookies()
    await elsewhere.goto('/login')
    await elsewhere.getByTestId('mail').fill(mail)
    await elsewhere.getByTestId('password').fill('correct horse battery staple')
    await elsewhere.getByTestId('submit').click()
    await expect(elsewhere.getByTestId('welcome-create'), mail).toBeVisible()
  }
  await elsewhere.context().clearCookies()
  await elsewhere.goto('/signup')
  await elsewhere.getByTestId('name').fill('Somebody')
  await elsewhere.getByTestId('mail').fill('mina@xn--bcher-kva.example')
  await elsewhere.getByTestId('password').fill('another long password')
  await elsewhere.getByTestId('submit').click()
  await expect(elsewhere.getByTestId('perhaps-taken')).toBeVisible()
})
