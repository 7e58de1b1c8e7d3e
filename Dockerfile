FROM node:22.20.0-bookworm-slim AS assets
WORKDIR /assets
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

FROM python:3.11.13-slim-bookworm AS environment
WORKDIR /epsilon
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --quiet --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY app app
# editable: templates, static files and migrations lie beside the package
RUN /venv/bin/pip install --quiet --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /epsilon epsilon && install -d -o epsilon -g epsilon /data
WORKDIR /epsilon
COPY --from=environment /venv /venv
COPY --from=environment /epsilon ./
COPY migrations migrations
COPY templates templates
COPY static static
COPY docs/tagging-quality.md docs/
COPY --from=assets /assets/node_modules/htmx.org/dist/htmx.min.js static/htmx.js
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 EPSILON_DATA_DIR=/data
USER epsilon
VOLUME /data
EXPOSE 8000
CMD ["epsilon", "serve", "--host", "0.0.0.0"]
