//! Which schema migration a start line runs, and whether its tool makes a second one wait.
//!
//! A table of the commands that tools document. What a tool does not document about locking counts as no lock.

use super::launch::Launch;
use super::place::Place;

/// A migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The command, as its tool's documentation writes it.
    pub name: &'static str,
    /// The tool takes a lock in the database, so that a second run waits or is refused.
    pub locks: bool,
    /// The word that says to migrate.
    pub place: Place,
}

/// A command: the program's name and the words that must follow, in this order, options aside.
type Command = (&'static str, &'static [&'static str], &'static str, bool);

const COMMANDS: [Command; 24] = [
    // Flyway docs: "Flyway uses the locking technology of your database". Liquibase docs: DATABASECHANGELOGLOCK.
    ("flyway", &["migrate"], "flyway migrate", true),
    ("liquibase", &["update"], "liquibase update", true),
    // Prisma docs, Advisory locking; it waits 10 s, then fails with P1002.
    ("prisma", &["migrate", "deploy"], "prisma migrate deploy", true),
    // ActiveRecord::Migrator#with_advisory_lock: a second run raises ConcurrentMigrationError (rails/rails#22122).
    ("rails", &["db:migrate"], "rails db:migrate", true),
    ("rails", &["db:prepare"], "rails db:prepare", true),
    ("rake", &["db:migrate"], "rake db:migrate", true),
    // Knex: the table knex_migrations_lock; a second run fails with "Migration table is already locked" (knex/knex#1094).
    ("knex", &["migrate:latest"], "knex migrate:latest", true),
    // golang-migrate README, "Database drivers": Lock is part of the driver interface.
    ("migrate", &["up"], "migrate up", true),
    // No lock of their own, say those who make them: Alembic (sqlalchemy/alembic#633; a project's env.py may take one),
    // Sequelize (sequelize/umzug#518), TypeORM (typeorm/typeorm#4588), dbmate (amacneil/dbmate#101), goose's command
    // (pressly/goose#335: only its library can). Django, Doctrine and Diesel document none.
    ("alembic", &["upgrade"], "alembic upgrade", false),
    ("flask", &["db", "upgrade"], "flask db upgrade", false),
    ("python", &["manage.py", "migrate"], "manage.py migrate", false),
    ("python3", &["manage.py", "migrate"], "manage.py migrate", false),
    ("manage.py", &["migrate"], "manage.py migrate", false),
    ("django-admin", &["migrate"], "django-admin migrate", false),
    ("sequelize", &["db:migrate"], "sequelize db:migrate", false),
    ("sequelize-cli", &["db:migrate"], "sequelize db:migrate", false),
    ("typeorm", &["migration:run"], "typeorm migration:run", false),
    ("dbmate", &["up"], "dbmate up", false),
    ("dbmate", &["migrate"], "dbmate migrate", false),
    ("goose", &["up"], "goose up", false),
    // Laravel takes a lock with `--isolated` only.
    ("php", &["artisan", "migrate"], "artisan migrate", false),
    ("artisan", &["migrate"], "artisan migrate", false),
    ("php", &["bin/console", "doctrine:migrations:migrate"], "doctrine:migrations:migrate", false),
    ("diesel", &["migration", "run"], "diesel migration run", false),
];

/// Programs that only find the one that follows.
const FINDERS: [&str; 6] = ["npx", "pnpm", "yarn", "bunx", "dotenv", "doppler"];

/// The migration that a container runs, if it runs one that is known.
pub fn of(launch: &Launch<'_>) -> Option<Migration> {
    for program in launch.programs() {
        if program.guessed {
            continue;
        }
        let mut name = &*program.name;
        let mut words = program.words.as_slice();
        while FINDERS.contains(&name) {
            let at = words
                .iter()
                .position(|word| word.known && !word.text.starts_with('-') && word.text != "exec")?;
            name = words[at].text.rsplit('/').next().unwrap_or(&words[at].text);
            words = &words[at + 1..];
        }
        for (tool, needs, says, locks) in &COMMANDS {
            if name != *tool {
                continue;
            }
            let mut rest = words.iter();
            let mut last = None;
            let all = needs.iter().all(|need| {
                last = rest.find(|word| {
                    word.known && (word.text == **need || word.text.ends_with(&format!("/{need}")))
                });
                last.is_some()
            });
            if let Some(word) = last.filter(|_| all) {
                return Some(Migration { name: says, locks: *locks, place: word.place.clone() });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command, and the migration that it is: its name, and whether it is safe beside others of its kind.
    type Row<'a> = (&'a [&'a str], Option<(&'a str, bool)>);

    #[test]
    fn finds_migrations() {
        let table: &[Row<'_>] = &[
            (&["alembic", "upgrade", "head"], Some(("alembic upgrade", false))),
            (
                &["sh", "-c", "python manage.py migrate --noinput && gunicorn app"],
                Some(("manage.py migrate", false)),
            ),
            (&["npx", "prisma", "migrate", "deploy"], Some(("prisma migrate deploy", true))),
            (&["bundle", "exec", "rails", "db:migrate"], Some(("rails db:migrate", true))),
            (
                &["poetry", "run", "alembic", "-c", "a.ini", "upgrade", "head"],
                Some(("alembic upgrade", false)),
            ),
            (&["python", "/app/manage.py", "migrate"], Some(("manage.py migrate", false))),
            (&["php", "artisan", "migrate", "--force"], Some(("artisan migrate", false))),
            (&["alembic", "current"], None),
            (&["python", "manage.py", "runserver"], None),
            (&["npx"], None),
            (&["sh", "-c", "until nc -z db 5432; do sleep 1; done"], None),
            (&[], None),
        ];
        for (command, expected) in table {
            let launch = Launch { product: Some("app"), command, args: &[], env: &[] };
            let found = of(&launch).map(|found| (found.name, found.locks));
            assert_eq!(found, *expected, "{command:?}");
        }
    }
}
