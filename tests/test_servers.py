import httpx
import psycopg

from app.settings import Settings


def test_both_stacks_are_real(settings: Settings) -> None:
    if settings.search_url:
        with psycopg.connect(settings.database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        answer = httpx.get(f"{settings.search_url}/version", headers={"Authorization": f"Bearer {settings.search_key}"})
        assert answer.json()["pkgVersion"].startswith("1.")
    else:
        assert settings.database.startswith("sqlite:///")
