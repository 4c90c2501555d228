# Writes ${OUTPUT}: the table of ${TABLE}() that templates.hpp declares, one row for each of ${FILES} below
# ${ROOT}, without ${PREFIX} in its name.
set(rows "")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} content)
  string(REGEX REPLACE "^${PREFIX}" "" name ${file})
  string(APPEND rows "  {\"${name}\", R\"zdm_template(${content})zdm_template\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"templates.hpp\"\n\nnamespace zdm::templates {\n
static constexpr File table[] = {\n${rows}};\n
std::span<const File> ${TABLE}() { return table; }\n\n}  // namespace zdm::templates\n")
