# Writes ${OUTPUT}: the table that templates.hpp declares, one row for each of ${FILES} below ${ROOT}.
set(rows "")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} content)
  string(REGEX REPLACE "^files/" "" name ${file})
  string(APPEND rows "    {\"${name}\", R\"zdm_template(${content})zdm_template\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"templates.hpp\"\n\nnamespace zdm::templates {\n
std::span<const File> files() {
  static constexpr File table[] = {\n${rows}  };\n  return table;\n}\n\n}  // namespace zdm::templates\n")
